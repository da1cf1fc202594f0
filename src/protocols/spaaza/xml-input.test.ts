import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WebapiError } from './webapi-error.ts';
import { parseXml } from './xml-input.ts';
import { renderXml } from './xml-output.ts';

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

describe('parseXml', () => {
  it('drops the root and keeps children by name, leaves as strings', () => {
    const text =
      '<?xml version="1.0"?>\n<request><email>a@b.nl</email><spaaza_chain_id>0123</spaaza_chain_id><x>true</x></request>';
    expect(parseXml(text)).toEqual({ email: 'a@b.nl', spaaza_chain_id: '0123', x: 'true' });
  });

  it('makes repeated children a list, a single one not', () => {
    expect(parseXml('<r><l><i>1</i><i>2</i><i>3</i></l><one><i>1</i></one></r>')).toEqual({
      l: { i: ['1', '2', '3'] },
      one: { i: '1' },
    });
  });

  it('ignores attributes, comments, instructions and layout', () => {
    const text = '\ufeff<r a="1">\n  <!-- hi --> <?pi x?>\n  <b c="2">\n  <d> e </d>\n  </b>\n  <n/>\n<o>\n</o></r>\n';
    expect(parseXml(text)).toEqual({ b: { d: ' e ' }, n: '', o: '' });
  });

  it('takes a no-break space for text, and not for layout', () => {
    expect(parseXml('<r><a>&#160;</a><b> \t\r\n</b></r>')).toEqual({ a: '\u00a0', b: '' });
  });

  it('decodes the five entities and character references once, and nothing inside CDATA', () => {
    expect(parseXml('<r><a>&lt;&amp;amp;&gt;&quot;&apos;&#64;&#x263A;</a><b><![CDATA[<&amp;>]]>!</b></r>')).toEqual({
      a: '<&amp;>"\'@☺',
      b: '<&amp;>!',
    });
  });

  it('gives the text of a root without children', () => {
    expect(parseXml('<r>5</r>')).toBe('5');
    expect(parseXml('<r/>')).toBe('');
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'email=a'],
    ['an unclosed element', '<r><a></r>'],
    ['a cut-off tag', '<r'],
    ['two roots', '<a/><b/>'],
    ['text after the root', '<r>1</r>x'],
    ['text alone in CDATA', '<![CDATA[x]]>'],
    ['a document type', '<!DOCTYPE r><r/>'],
    ['a declared entity', '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'],
    ['an external entity', '<!doctype r [<!ENTITY a SYSTEM "file:///etc/passwd">]><r>&a;</r>'],
    ['an unknown entity', '<r>&nbsp;</r>'],
    ['a bare ampersand', '<r>a & b</r>'],
    ['a reference to no character', '<r>&#0;</r>'],
    ['a reference to a surrogate', '<r>&#xD800;</r>'],
    ['a reference beyond Unicode', '<r>&#x110000;</r>'],
    ['too deep a nesting', `${'<r>'.repeat(600)}${'</r>'.repeat(600)}`],
  ])('refuses %s', (_, text) => {
    expect(() => parseXml(text)).toThrow(new WebapiError(400, { message: 'Decoding error.' }));
  });

  it('leaves prototypes alone', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      try {
        expect(Object.getPrototypeOf(parseXml(`<r><${name}><x>1</x></${name}><a>1</a></r>`))).toBe(Object.prototype);
      } catch (error) {
        expect(error).toBeInstanceOf(WebapiError);
      }
    }
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('reads every text back as it was escaped', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((value) => value.trim() !== '' && !/\p{Cc}/u.test(value));
    fc.assert(
      fc.property(text, (value) => {
        expect(parseXml(`<r><a>${escaped(value)}</a></r>`)).toEqual({ a: value });
      }),
    );
  });

  it('reads what we render', () => {
    const leaf = fc.stringMatching(/^[a-z<>&"' ]*[a-z]$/);
    const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/).filter((key) => key !== 'constructor' && key !== 'prototype');
    fc.assert(
      fc.property(fc.dictionary(name, fc.dictionary(name, leaf, { minKeys: 1 }), { minKeys: 1 }), (value) => {
        expect(parseXml(renderXml(value))).toEqual(structuredClone(value));
      }),
    );
  });

  it('answers or refuses, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('<', '>', '/', 'a', '&', ';', '#', '!', '[', ']', '-', '?', ' ') }),
        (text) => {
          try {
            parseXml(text);
          } catch (error) {
            expect(error).toBeInstanceOf(WebapiError);
          }
        },
      ),
    );
  });
});
