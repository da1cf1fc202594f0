import { isIPv4, isIPv6 } from 'node:net';

/**
 * Names the network a caller comes from: an IPv4 address stands for itself ("203.0.113.9"), an IPv6 address for its /64
 * as RFC 5952 writes it ("2001:db8:1:2::/64"), because one subscriber has a whole /64 to choose addresses from. An
 * IPv4-mapped address is the IPv4 it carries, however it is written; a zone id is ignored. Answers undefined for
 * anything that is not an address; never throws.
 */
export function networkOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  if (isIPv4(address)) return address;
  // Cut off rather than left to isIPv6, which knows fewer characters than interfaces have in their names.
  const zoneAt = address.indexOf('%');
  const bare = zoneAt < 0 ? address : address.slice(0, zoneAt);
  if (!isIPv6(bare)) return undefined;
  const groups = groupsOf(bare);
  return mappedIPv4(groups) ?? prefix64(groups);
}

/** The eight groups of an address that is known to be valid. */
function groupsOf(address: string): number[] {
  const [head = '', tail = ''] = address.split('::');
  const before = parseGroups(head);
  const after = parseGroups(tail);
  const gap = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...gap, ...after];
}

function parseGroups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** The IPv4 address inside ::ffff:0:0/96, the form in which a dual-stack socket reports IPv4 callers. */
function mappedIPv4(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  return isMapped ? [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.') : undefined;
}

function prefix64(groups: readonly number[]): string {
  // The four zero groups at the end are always part of the longest run of zeros, which is the one to shorten.
  const end = groups.slice(0, 4).findLastIndex((group) => group !== 0) + 1;
  const written = groups.slice(0, end).map((group) => group.toString(16));
  return `${written.join(':')}::/64`;
}
