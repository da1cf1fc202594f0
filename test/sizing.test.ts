import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { peakSignIns, renderSizing, type StorageMeasure } from '../scripts/sizing.ts';

const root = join(import.meta.dirname, '..');
const measures = JSON.parse(readFileSync(join(root, 'bench/results/storage.json'), 'utf8')) as StorageMeasure[];

describe('the sizing tables', () => {
  it('are in docs/scaling.md as the measurements give them', () => {
    const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');
    expect(page).toContain(`<!-- sizing -->\n\n${renderSizing(measures)}\n\n<!-- /sizing -->`);
  });

  it('go by the largest measurement of each database', () => {
    const one = { customers: 10, rows: {}, bytes: { customers: 10_000 }, hashCpuMs: 10 };
    const two = { ...one, customers: 100, bytes: { customers: 50_000 } };
    const all = [one, two].flatMap((each) => [
      { ...each, database: 'sqlite' as const },
      { ...each, database: 'postgres' as const },
    ]);
    const text = renderSizing(all);
    expect(text).toContain('| the customer | 1 | 500 | 500 |');
    // 500 bytes for each of a million customers; half as much again on PostgreSQL.
    expect(text).toMatch(/^\| 1,000,000 \| 500 MB \| 750 MB \| 750 MB \|/m);
  });

  it('count a day of sign-ins, its busiest hour and that hour’s busiest seconds', () => {
    // 365,000 sign-ins a year are 1,000 a day, 150 in the busiest hour, and three times 150/3600 a second.
    expect(peakSignIns(365_000 / 12)).toBeCloseTo(0.125, 10);
  });

  it('rest on databases of which one customer takes about the same, small or large', () => {
    for (const database of ['sqlite', 'postgres']) {
      const each = measures
        .filter((measure) => measure.database === database)
        .map(({ bytes, customers }) => Object.values(bytes).reduce((sum, value) => sum + value, 0) / customers);
      expect(each.length).toBeGreaterThan(1);
      expect(Math.max(...each) / Math.min(...each)).toBeLessThan(1.1);
    }
  });
});
