import { describe, expect, it } from 'vitest';
import { shareReading } from './share-reading.ts';

describe('a shared reading', () => {
  it('serves all who ask while it goes on, and nobody after that', async () => {
    let readings = 0;
    const read = shareReading(async () => {
      readings += 1;
      return readings;
    });
    expect(await Promise.all([read(), read()])).toEqual([1, 1]);
    expect(await read()).toBe(2);
  });

  it('is tried again after it failed', async () => {
    let readings = 0;
    const read = shareReading(async () => {
      readings += 1;
      if (readings === 1) throw new Error('away');
      return readings;
    });
    const [one, other] = [read(), read()];
    await expect(one).rejects.toThrow('away');
    await expect(other).rejects.toThrow('away');
    expect(await read()).toBe(2);
  });
});
