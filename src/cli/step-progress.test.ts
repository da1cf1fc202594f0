import { describe, expect, it } from 'vitest';
import { progressLine, stepProgress } from './step-progress.ts';

const clear = '\u001b[K';

function shown({ isTTY, msPerCall }: { isTTY: boolean; msPerCall: number }) {
  const writes: string[] = [];
  let time = 0;
  const report = stepProgress({ isTTY, write: (text) => writes.push(text) }, () => time);
  for (const rows of [0, 1_000, 2_000, 2_500, 2_500]) {
    report({ step: 'copy', table: 'customers', rows, total: 2_500 });
    time += msPerCall;
  }
  report({ step: 'copy', table: 'addresses', rows: 0, total: 0 });
  return writes;
}

describe('the progress of a step', () => {
  it('is one line for a table, drawn again on a terminal', () => {
    expect(shown({ isTTY: true, msPerCall: 500 })).toEqual([
      `\r${clear}copy    customers          0 of 2,500  0 %`,
      `\r${clear}copy    customers          1,000 of 2,500  40 %  2,000 rows/s`,
      `\r${clear}copy    customers          2,000 of 2,500  80 %  2,000 rows/s`,
      `\r${clear}copy    customers          2,500 of 2,500  100 %  1,667 rows/s\n`,
      `\r${clear}copy    addresses          0 of 0  100 %\n`,
    ]);
  });

  it('is drawn at most ten times a second, and at the end', () => {
    expect(shown({ isTTY: true, msPerCall: 10 }).map((text) => /\S+ of/.exec(text)?.[0])).toEqual([
      '0 of',
      '2,500 of',
      '0 of',
    ]);
  });

  it('is a line when a table is complete where there is no terminal', () => {
    expect(shown({ isTTY: false, msPerCall: 500 })).toEqual([
      'copy    customers          2,500 of 2,500  100 %  1,667 rows/s\n',
      'copy    addresses          0 of 0  100 %\n',
    ]);
  });

  it('is a line every ten seconds while a table takes longer', () => {
    expect(shown({ isTTY: false, msPerCall: 9_000 }).map((text) => /\S+ of/.exec(text)?.[0])).toEqual([
      '2,000 of',
      '2,500 of',
      '0 of',
    ]);
  });

  it('counts what it is told to count', () => {
    const step = { step: 'compare', table: 'customers', rows: 10, total: 20, unit: 'customers' };
    expect(progressLine(step, 10, 2_000)).toMatch(/50 % {2}5 customers\/s$/);
  });

  it('counts the rate from where a resumed move went on', () => {
    const line = progressLine({ step: 'copy', table: 'customers', rows: 1_500_000, total: 2_000_000 }, 500, 1_000);
    expect(line).toBe('copy    customers          1,500,000 of 2,000,000  75 %  500 rows/s');
  });
});
