import { domainToASCII, domainToUnicode } from 'node:url';
import { countCharacters } from './free-text.ts';

const maxCharacters = 255;
const maxLocalCharacters = 64;
const maxHostCharacters = 253;

/** Decomposed, a character has up to four code points, each of up to two UTF-16 units. */
const longestNormalized = 8 * maxCharacters;

const dotAtom = /^[\w!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{Nd}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\p{L}\p{M}\p{Nd}-]+)*$/u;
const invisible = /\p{Default_Ignorable_Code_Point}/u;
const hostLetters = /^[a-z\d.\p{L}\p{M}\p{Nd}-]+$/u;
const label = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;
const topLabel = /^(?:[a-z]{2,63}|xn--[a-z\d-]{0,58}[a-z\d])$/;

/** An address in lower case, which is how the go~mus wire shows it: two that are not equal look different. */
export function lowerCaseEmail(text: string): string {
  // A capital sigma is lower-cased by its neighbours; one fixed answer keeps equal addresses equal. The dotted capital
  // I becomes i and a combining dot, never plain i, so that it cannot stand for somebody else's address.
  return text.replaceAll('Σ', 'σ').toLowerCase();
}

/**
 * Brings an e-mail address to the form in which addresses are compared and kept unique: trimmed, lower-cased, NFC
 * (decisions, Both wires 2). Idempotent; does not judge validity, for that see `isValidEmail`.
 */
export function normalizeEmail(text: string): string {
  const lower = lowerCaseEmail(text.trim());
  // Sorting combining marks takes time by the square of their number. What is too long for an address is nobody's as it is.
  if (lower.length > longestNormalized) return lower;
  // NFC comes last: t with diaeresis composes although T with diaeresis does not.
  return lower.normalize('NFC');
}

/**
 * True for an address that mail can be sent to, in any case and composition but without surrounding white space: an
 * unquoted dot-atom of at most 64 characters (non-ASCII letters allowed), one `@`, and a host name of at least two
 * labels ending in letters or punycode; 255 characters in all (magento-webapi 7.3). International host names must be
 * the spelling that DNS gives back. IP literals and local names are refused, and so is everything that could break a
 * mail header.
 */
export function isValidEmail(text: string): boolean {
  // Two UTF-16 units a character: whatever is longer cannot pass, and nothing below sees more than this.
  if (text.length > 2 * maxCharacters || countCharacters(text) > maxCharacters || text !== text.trim()) return false;
  const address = normalizeEmail(text);
  const at = address.indexOf('@');
  if (at < 0 || countCharacters(address) > maxCharacters) return false;
  if (invisible.test(address)) return false;
  const local = address.slice(0, at); // a second @ would stand in the host, which refuses it
  return countCharacters(local) <= maxLocalCharacters && dotAtom.test(local) && isHostName(address.slice(at + 1));
}

function isHostName(host: string): boolean {
  if (!hostLetters.test(host)) return false;
  const ascii = isAscii(host) ? host : domainToASCII(host);
  // Look-alikes such as full-width letters map to another name; only the canonical spelling is let in.
  if (ascii !== host && domainToUnicode(ascii) !== host) return false;
  const labels = ascii.split('.');
  if (ascii.length > maxHostCharacters || labels.length < 2) return false;
  return labels.every((part) => label.test(part)) && topLabel.test(labels.at(-1) ?? '');
}

function isAscii(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text);
}
