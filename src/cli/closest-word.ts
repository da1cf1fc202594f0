/**
 * The word that was probably meant, or undefined when none is near: at most two slips of the finger (one in words of two
 * to four letters, none in a single one), ignoring case and `-` for `_`.
 */
export function closestWord(word: string, candidates: readonly string[]): string | undefined {
  // The comparison is quadratic; no word of ours is this long.
  if (word.length > 64) return undefined;
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  let best: { candidate: string; slips: number } | undefined;
  for (const candidate of candidates) {
    const slips = countSlips(plain(word), plain(candidate));
    const longest = Math.max(word.length, candidate.length);
    const allowed = longest < 2 ? 0 : longest <= 4 ? 1 : 2;
    if (slips <= allowed && slips < (best?.slips ?? Number.POSITIVE_INFINITY)) best = { candidate, slips };
  }
  return best?.candidate;
}

/** Letters to insert, drop, replace or swap with their neighbour until both are equal. */
function countSlips(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      let slips = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (isSame ? 0 : 1));
      const isSwapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwapped) slips = Math.min(slips, beforeLast[column - 2]! + 1);
      current.push(slips);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
