import { randomInt } from 'node:crypto';

/** Random numbers that can be had again: FOYER_FAULTS_SEED repeats the run that printed it. */
export interface Random {
  readonly seed: number;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
}

/** Starts a sequence (mulberry32) from the environment's seed or a new one, and prints which. */
export function startRandom(title: string): Random {
  const seed = Number(process.env.FOYER_FAULTS_SEED ?? randomInt(2 ** 31));
  console.log(`${title}: FOYER_FAULTS_SEED=${seed}`);
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { seed, between: (least, most) => least + Math.floor(next() * (most - least + 1)) };
}
