import { InvalidArgumentError, Option } from 'commander';

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

/** What a verb gives of a list, and where the next page begins; null after the last. */
interface Page {
  nextBeforeId: number | null;
}

/** Reads as many pages of at most `longest` as it takes for `limit`; gives them in order. */
export async function readPages<P extends Page>(
  { limit, longest }: { limit: number; longest: number },
  read: (count: number, beforeId?: number) => Promise<P>,
): Promise<[P, ...P[]]> {
  const first = await read(Math.min(limit, longest));
  const pages: [P, ...P[]] = [first];
  let { nextBeforeId } = first;
  for (let left = limit - longest; nextBeforeId !== null && left > 0; left -= longest) {
    const page = await read(Math.min(left, longest), nextBeforeId);
    pages.push(page);
    nextBeforeId = page.nextBeforeId;
  }
  return pages;
}
