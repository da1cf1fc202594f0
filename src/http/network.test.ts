import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { networkOf } from './network.ts';

const byte = fc.integer({ min: 0, max: 0xff });
// Zeros often: they are what the short forms are about.
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
const hex = (groups: readonly number[]) => groups.map((value) => value.toString(16)).join(':');

describe('networkOf', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['0.0.0.0', '0.0.0.0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['2001:0:0:1::', '2001:0:0:1::/64'],
    ['0:0:0:1:0:0:0:1', '0:0:0:1::/64'],
    ['1::2:3:4:5', '1::/64'],
    ['1:0:0:2:3:4:5::', '1:0:0:2::/64'],
    ['::1', '::/64'],
    ['::', '::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['fe80::1%my_bridge.7', 'fe80::/64'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4%lo', '1.2.3.4'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
    ['::1.2.3.4', '::/64'],
    ['::ffff:0:1.2.3.4', '::/64'],
  ])('finds the network of %s to be %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each([
    undefined,
    '',
    '%',
    'unknown',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4%eth0',
    '1.2.3.4:80',
    ' 1.2.3.4',
    '[::1]',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8::/64',
    '12345::',
  ])('finds no network in %j', (address) => {
    expect(networkOf(address)).toBeUndefined();
  });

  it('answers for any text and never throws', () => {
    const soup = fc.string({
      unit: fc.constantFrom('0', '1', 'f', '25', ':', '::', '.', '%', '/', ' '),
      maxLength: 24,
    });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), soup), (text) => {
        expect(['string', 'undefined']).toContain(typeof networkOf(text));
      }),
    );
  });

  it('knows every valid address', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV6(), (four, six) => {
        expect(networkOf(four)).toBe(four);
        expect(networkOf(six)).toMatch(/::\/64$|^\d+(\.\d+){3}$/);
      }),
    );
  });

  it('gives all addresses of one /64 the same name, written as a URL would write it', () => {
    const four = fc.tuple(group, group, group, group);
    fc.assert(
      fc.property(four, four, (network, host) => {
        fc.pre(!(hex(network) === '0:0:0:0' && host[0] === 0 && host[1] === 0xffff));
        const canonical = new URL(`http://[${hex(network)}::]/`).hostname.slice(1, -1);
        expect(networkOf(`${hex(network)}:${hex(host)}`)).toBe(`${canonical}/64`);
      }),
    );
  });

  it('does not depend on how an address is written', () => {
    fc.assert(
      fc.property(fc.tuple(group, group, group, group, group, group, group, group), (groups) => {
        const long = groups.map((value) => value.toString(16).toUpperCase().padStart(4, '0')).join(':');
        const short = new URL(`http://[${long}]/`).hostname.slice(1, -1);
        expect(networkOf(`${short}%en0`)).toBe(networkOf(long));
      }),
    );
  });

  it('sees through the mapping of IPv4 into IPv6, dotted or not', () => {
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const address = `${a}.${b}.${c}.${d}`;
        expect(networkOf(`::ffff:${address}`)).toBe(address);
        expect(networkOf(`::ffff:${hex([a * 256 + b, c * 256 + d])}`)).toBe(address);
      }),
    );
  });
});
