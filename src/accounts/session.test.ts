import { describe, expect, it } from 'vitest';
import { addSeconds, slideExpiry } from './session.ts';

const day = 86_400;
const start = '2026-03-01T10:00:00.000Z';

describe('the expiry of a session that is used', () => {
  it.each([
    [14 * day, day],
    [2 * day, day],
    [day, day / 2],
  ])('of a life of %i seconds moves on after %i', (lifespan, after) => {
    const session = { expiresAt: addSeconds(start, lifespan) };
    const usedAfter = (seconds: number) => slideExpiry(session, addSeconds(start, seconds), lifespan);
    expect(usedAfter(after - 1)).toBe(session.expiresAt);
    expect(usedAfter(after)).toBe(addSeconds(session.expiresAt, after));
  });

  it('never goes back', () => {
    const session = { expiresAt: addSeconds(start, 14 * day) };
    expect(slideExpiry(session, start, day)).toBe(session.expiresAt);
  });
});
