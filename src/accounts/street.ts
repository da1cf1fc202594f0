import { normalizeCountryCode } from './country.ts';

/** The three parts the loyalty platform keeps apart; a part without a value is the empty string. */
export interface StreetParts {
  street: string;
  houseNumber: string;
  houseNumberExtension: string;
}

/**
 * Splits a street typed on one line, only when it can be read in one way for the country (decisions, Spaaza 8; spaaza
 * 2.3); otherwise the whole line, trimmed, is the street. Only white space and separating commas are ever dropped.
 *
 * - NL BE DE AT CH LU DK SE NO FI: the number ends the line, perhaps with an extension: "Keizersgracht 123 II",
 *   "Dorpstraat 12a", "Am Markt 4-6" (a range is one number), "Kerkstraat 12 bus 4".
 * - US GB FR IE CA AU: the number begins the line: "12 rue Haute", "221B Baker Street", "12 bis, rue Haute" (FR only).
 *
 * Stay whole: no number, or nothing but a number; two numbers either of which could be the house's ("Plein 12 14");
 * post boxes and flats; and, at the end of a line, what looks like a year ("Plein 1944", "Plein 1940-1945") or a
 * postcode.
 */
export function splitStreetLine(line: string, countryCode: string | null): StreetParts {
  const text = line.trim();
  return (
    splitFor(text, normalizeCountryCode(countryCode ?? '')) ?? {
      street: text,
      houseNumber: '',
      houseNumberExtension: '',
    }
  );
}

/** Gives the parts as address lines, one each, blank ones dropped: "Dorpstraat", "1" (spaaza 2.3). */
export function joinStreetLines(parts: StreetParts): string[] {
  return [parts.street, parts.houseNumber, parts.houseNumberExtension].filter((part) => part.trim() !== '');
}

const numberLast = new Set(['NL', 'BE', 'DE', 'AT', 'CH', 'LU', 'DK', 'SE', 'NO', 'FI']);
const numberFirst = new Set(['US', 'GB', 'FR', 'IE', 'CA', 'AU']);

// A range typed with spaces ("4 - 6") is one word; otherwise a word is a run without white space.
const wordPattern = /\d{1,5}(?: ?[-–/] ?\d{1,5})+\S*|\S+/gu;
// "12", "4-6", "5/2/12", and any of them with letters attached: "12a".
const plainNumber = /^([1-9]\d{0,5}(?:[-–/]\d{1,5})*)(\p{L}*)$/u;
// Letters on the inside: "12a-14b", "123-II".
const letteredNumber = /^[1-9]\d{0,4}\p{L}{0,2}(?:[-–/+][\p{L}\d]{1,4}){1,3}$/u;
const extension =
  /^(?:\p{L}{1,2}|[ivx]{1,4}|\p{L}{1,2}\d{1,4}|bis|ter|quater|huis|boven|beneden|links|rechts|hinterhaus|vorderhaus)$/iu;
const boxWord = /^(?:bus|bte|bo[iî]te|box|top|lgh)$/iu;
const ordinal = /^\d+(?:st|nd|rd|th|er|e|de|[eè]me)$/iu;
const joiner = /^(?:and|or|to|und|oder|en|tot|t\/m|et|ou|à|och|og|&|\+|-|–|\/)$/iu;
// A number after one of these is that of a post box, a flat or a building, or is introduced by a word of its own.
const otherThanHouse =
  /^(?:postbus|postfach|postbo(?:ks|x)|boks|bp|packstation|postfiliale|postlokero|haus|gebäude|gebouw|zimmer|kamer|etage|appartement|app|apt|unit|flat|nr|n[o°º]|nummer)\.?$/iu;
const year = /(?<!\d)(?:1[5-9]|20)\d{2}(?!\d)/;

interface Word {
  /** Without the comma that may end it. */
  text: string;
  start: number;
}

function splitFor(line: string, country: string): StreetParts | undefined {
  if (/[\r\n]/.test(line)) return undefined; // two lines in one text are not ours to weigh against each other
  if (numberLast.has(country)) return splitNumberLast(line, country);
  return numberFirst.has(country) ? splitNumberFirst(line, country) : undefined;
}

function splitNumberLast(line: string, country: string): StreetParts | undefined {
  if (/^\d+\p{L}?\s*,/u.test(line)) return undefined; // "12, rue Haute 5": the first one counts in Luxembourg
  const words = wordsOf(line);
  const tail = tailOf(words);
  const numberWords = tail.filter((word) => readNumber(word.text) !== undefined);
  const numberWord = numberWords[0];
  const house = numberWord && readNumber(numberWord.text);
  if (house === undefined || numberWord === undefined) return undefined;

  const after = tail.slice(tail.indexOf(numberWord) + 1).map((word) => word.text);
  const isBox = after.length === 2 && boxWord.test(after[0] ?? '');
  if (!isBox && (numberWords.length > 1 || after.length > 2 || after.some((text) => boxWord.test(text))))
    return undefined;

  const before = words[words.indexOf(numberWord) - 1]?.text ?? '';
  if (!/^\D*\p{L}/u.test(before) || [joiner, otherThanHouse, boxWord].some((rule) => rule.test(before)))
    return undefined;
  if (year.test(house.number) || /\d{5}/.test(house.number)) return undefined;
  if (country === 'NL' && /^\d{4}[A-Z]{2}$/.test(numberWord.text + after.join(''))) return undefined; // a postcode

  const street = withoutTrailingComma(line.slice(0, numberWord.start));
  const houseNumberExtension = [house.extension, ...after].filter((part) => part !== '').join(' ');
  return isStreet(street) ? { street, houseNumber: house.number, houseNumberExtension } : undefined;
}

function splitNumberFirst(line: string, country: string): StreetParts | undefined {
  const words = wordsOf(line);
  const first = words[0]?.text ?? '';
  const house = ordinal.test(first) ? undefined : readNumber(first);
  if (house === undefined) return undefined;

  const second = words[1]?.text ?? '';
  const hasFrenchExtension =
    country === 'FR' && house.extension === '' && /^(?:[Bb]is|[Tt]er|[Qq]uater|[A-Z])$/.test(second);
  const next = words[hasFrenchExtension ? 2 : 1];
  if (next === undefined || joiner.test(next.text)) return undefined;
  // "12 A Street" is number 12 or number 12 A; "12 N Main Street" and "12 5th Avenue" can only be read in one way.
  if (/^(?![NSEW]$)\p{L}$/u.test(next.text) || (/^\d/.test(next.text) && !ordinal.test(next.text))) return undefined;
  if (tailOf(words.slice(1)).some((word) => competes(word.text, country))) return undefined;

  const street = line.slice(next.start);
  const houseNumberExtension = hasFrenchExtension ? second : house.extension;
  return isStreet(street) ? { street, houseNumber: house.number, houseNumberExtension } : undefined;
}

/** True for a second number at the end of the line, other than the year in "rue du 8 mai 1945". */
function competes(word: string, country: string): boolean {
  if (ordinal.test(word) || (country === 'FR' && year.test(word))) return false;
  return readNumber(word) !== undefined;
}

function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  for (const match of line.matchAll(wordPattern)) {
    const text = match[0].endsWith(',') ? match[0].slice(0, -1) : match[0];
    if (text !== '') words.push({ text, start: match.index });
  }
  return words;
}

/** The longest run at the end of the line that could all be house number and extension. */
function tailOf(words: readonly Word[]): readonly Word[] {
  let start = words.length;
  while (start > 0 && isTailWord(words[start - 1]?.text ?? '')) start -= 1;
  return words.slice(start);
}

function isTailWord(text: string): boolean {
  return extension.test(text) || boxWord.test(text) || readNumber(text) !== undefined;
}

function readNumber(text: string): { number: string; extension: string } | undefined {
  const compact = text.replaceAll(' ', '');
  const [, number = '', letters = ''] = plainNumber.exec(compact) ?? [];
  if (number !== '' && (letters === '' || extension.test(letters))) return { number, extension: letters };
  return letteredNumber.test(compact) ? { number: compact, extension: '' } : undefined;
}

function withoutTrailingComma(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.endsWith(',') ? trimmed.slice(0, -1).trimEnd() : trimmed;
}

/** One letter or two are not enough to be sure of a street: "C 4" is a block in Mannheim, "PL 12" a Finnish post box. */
function isStreet(text: string): boolean {
  return /\p{L}{3}/u.test(text);
}
