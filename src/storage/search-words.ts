import type { Customer } from '../accounts/customer.ts';

/** The fields of a customer that a search looks through. */
export type SearchedFields = Pick<Customer, 'givenName' | 'familyName' | 'email' | 'foreignId'>;

/** More characters of a word are neither kept nor compared: an index entry has a largest size. */
const mostCharacters = 100;
/** So many words of one field are kept: nobody's name may fill the index. */
const mostWordsOfField = 24;

// Symbols stay part of a word, so that a name of nothing but emoji can be found; these stand between words.
const separators = /[\p{P}\p{Z}\p{Cc}$+<=>^`|~]+/gu;
const leadingSeparators = new RegExp(`^${separators.source}`, 'u');

/**
 * The words that a customer is found by, each of them from its first letter to the next space: `anna-maria@museum.example`
 * gives itself, `maria@museum.example` and `museum.example`. The ending of the e-mail's domain is none, because it would
 * be everybody's. Lower-case, without repetition.
 */
export function wordsOf({ givenName, familyName, email, foreignId }: SearchedFields): string[] {
  const fields = [givenName, familyName, foreignId ?? ''].map((text) => beginnings(fold(text)));
  const address = fold(email);
  const dot = address.lastIndexOf('.');
  const ending = dot > address.lastIndexOf('@') ? address.slice(dot + 1) : '';
  fields.push(beginnings(address).filter((word) => word !== ending));
  return [...new Set(fields.flatMap((words) => words.slice(0, mostWordsOfField).map(cut)))];
}

/**
 * What to look for with the words of a query: they begin with a letter, digit or symbol, and none begins with another,
 * because whoever has the longer one has the shorter one as well. Empty when there is nothing to look for.
 */
export function wantedWords(words: readonly string[]): string[] {
  const wanted = words.map((word) => cut(fold(word).replace(leadingSeparators, ''))).filter((word) => word !== '');
  const unique = [...new Set(wanted)];
  return unique.filter((word) => !unique.some((other) => other !== word && other.startsWith(word)));
}

/** What every word that begins with this one sorts before, byte by byte. */
export function endOf(word: string): string {
  return `${word}\u{10ffff}`;
}

// Most names and addresses are nothing else, and the full rules cost several times as much.
const ascii = /^[ -~]*$/;
const plainWord = /^[a-z0-9]+$/;

/** Here and not in the database, because databases disagree about letters outside ASCII. */
function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  // A sigma is lower-cased by what follows it, which at the end of a query is not yet known.
  return text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** Everything from the first letter of a word to the next space. */
function beginnings(text: string): string[] {
  const words: string[] = [];
  for (const token of text.split(/\s+/u)) {
    if (plainWord.test(token)) {
      words.push(token);
      continue;
    }
    if (token !== '' && !leadingSeparators.test(token)) words.push(token);
    for (const { 0: found, index } of token.matchAll(separators)) {
      const word = token.slice(index + found.length);
      if (word !== '') words.push(word);
    }
  }
  return words;
}

function cut(word: string): string {
  return word.length <= mostCharacters ? word : Array.from(word).slice(0, mostCharacters).join('');
}
