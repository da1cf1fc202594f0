import { describe, expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

function breakerAt(): { breaker: Breaker; pass(ms: number): void; failTimes(count: number): void } {
  let now = 1_000_000;
  const breaker = new Breaker(() => now);
  return {
    breaker,
    pass: (ms) => {
      now += ms;
    },
    failTimes: (count) => {
      for (let index = 0; index < count; index += 1) breaker.fail();
    },
  };
}

describe('the breaker', () => {
  it('is closed and lets all through until five failures in a row', () => {
    const { breaker, failTimes } = breakerAt();
    failTimes(4);
    expect([breaker.state, breaker.admits(8)]).toEqual(['closed', 8]);
    breaker.succeed();
    failTimes(4);
    expect(breaker.state).toBe('closed');
    failTimes(1);
    expect([breaker.state, breaker.admits(8)]).toEqual(['open', 0]);
  });

  it('lets one row try after a rest, and closes when that goes well', () => {
    const { breaker, pass, failTimes } = breakerAt();
    failTimes(5);
    pass(4_999);
    expect(breaker.state).toBe('open');
    pass(1);
    expect([breaker.state, breaker.admits(8), breaker.admits(0)]).toEqual(['half_open', 1, 0]);
    breaker.succeed();
    expect([breaker.state, breaker.admits(8)]).toEqual(['closed', 8]);
  });

  it('rests twice as long each time the try fails, a minute at most, and begins anew after a success', () => {
    const { breaker, pass, failTimes } = breakerAt();
    failTimes(5);
    const rests: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      let rest = 0;
      for (; breaker.state === 'open'; rest += 1_000) pass(1_000);
      rests.push(rest);
      breaker.fail();
    }
    expect(rests).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
    breaker.succeed();
    failTimes(5);
    pass(5_000);
    expect(breaker.state).toBe('half_open');
  });

  it('does not rest longer for what was under way when it opened', () => {
    const { breaker, pass, failTimes } = breakerAt();
    failTimes(12);
    pass(5_000);
    expect(breaker.state).toBe('half_open');
  });
});
