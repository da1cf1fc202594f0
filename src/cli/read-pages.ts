import { InvalidArgumentError, Option } from 'commander';
import { longestPage, type Page } from '../accounts/read-page.ts';

/** Most that a command lists. */
const mostListed = 10_000;

/** `--limit` of a command that lists `what`, 50 if it is not given. */
export function limitOption(what: string): Option {
  return new Option('--limit <count>', `at most this many ${what}, up to ${mostListed}`)
    .argParser(readLimit)
    .default(50);
}

function readLimit(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostListed) {
    throw new InvalidArgumentError(`It is a whole number from 1 to ${mostListed}.`);
  }
  return count;
}

/** Reads as many pages of a list as it takes for `limit` entries; gives the first, with the entries of all. */
export async function readPages<Entry, P extends Page<Entry>>(
  limit: number,
  read: (count: number, beforeId?: number) => Promise<P & Page<Entry>>,
): Promise<P> {
  const first = await read(Math.min(limit, longestPage));
  const entries = [...first.entries];
  let { nextBeforeId } = first;
  while (nextBeforeId !== null && entries.length < limit) {
    const page = await read(Math.min(limit - entries.length, longestPage), nextBeforeId);
    entries.push(...page.entries);
    nextBeforeId = page.nextBeforeId;
  }
  return { ...first, entries, nextBeforeId };
}
