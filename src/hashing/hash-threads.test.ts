import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type HashCall, HashThreads } from './hash-threads.ts';

const options = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const hash = (salt: number): HashCall => ({
  package: '@node-rs/argon2',
  name: 'hashRawSync',
  args: ['secret', { ...options, salt: new Uint8Array(16).fill(salt) }],
});
/** Takes long enough for others to be asked for meanwhile. */
const slow: HashCall = {
  package: '@node-rs/argon2',
  name: 'hashSync',
  args: ['secret', { ...options, memoryCost: 19_456, timeCost: 4 }],
};
/** Not a hash: ends the thread that it is called on. */
const end = { package: 'node:process', name: 'exit', args: [1] } as unknown as HashCall;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('threads that hash', () => {
  it('run the functions of the packages', async () => {
    const threads = new HashThreads();
    const one = hex(await threads.run<Uint8Array>(hash(1)));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(hex(await threads.run<Uint8Array>(hash(1)))).toBe(one);
    expect(hex(await threads.run<Uint8Array>(hash(2)))).not.toBe(one);
  });

  it('give each caller their own answer, however many call at once', async () => {
    const threads = new HashThreads();
    const salts = [1, 2, 3, 4, 5, 6];
    const alone: string[] = [];
    for (const salt of salts) alone.push(hex(await threads.run<Uint8Array>(hash(salt))));
    const together = await Promise.all(salts.map((salt) => threads.run<Uint8Array>(hash(salt))));
    expect(together.map(hex)).toEqual(alone);
  });

  it('pass on what a function throws, with its code, and go on', async () => {
    const threads = new HashThreads();
    const junk: HashCall = { package: '@node-rs/argon2', name: 'verifySync', args: ['junk', 'secret'] };
    await expect(threads.run(junk)).rejects.toMatchObject({ code: 'InvalidArg', message: expect.any(String) });
    await expect(threads.run(hash(1))).resolves.toBeInstanceOf(Uint8Array);
  });

  it('are replaced when one of them ends, whose caller is told to come back', async () => {
    const threads = new HashThreads();
    await threads.run(hash(1));
    const [ended, other] = await Promise.allSettled([threads.run(end), threads.run(slow)]);
    expect(ended).toMatchObject({ reason: { code: 'overloaded', details: { retryAfterSeconds: 2 } } });
    expect(other.status).toBe('fulfilled');
    await expect(Promise.all([threads.run(hash(1)), threads.run(hash(2))])).resolves.toHaveLength(2);
  });
});

/** Nice values of this process's threads by their ids; the field behind state, parent and 14 more, and the priority. */
function niceness(): Map<string, number> {
  const found = new Map<string, number>();
  for (const id of readdirSync('/proc/self/task')) {
    const path = `/proc/self/task/${id}/stat`;
    let text: string;
    try {
      text = readFileSync(path, 'latin1');
    } catch (error) {
      // It has ended since it was listed.
      if (existsSync(path)) throw error;
      continue;
    }
    const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
    found.set(id, Number(fields[16]));
  }
  return found;
}

describe.runIf(process.platform === 'linux')('the threads themselves', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('have a lower priority than the rest of the process, as many as work at once, and end after a minute of rest', async () => {
    const own = getPriority();
    const before = niceness();
    const added = () => [...niceness()].filter(([id]) => !before.has(id));
    const lowered = () => added().filter(([, nice]) => nice === own + 5);
    const threads = new HashThreads();
    await threads.run(hash(1));
    await threads.run(hash(2));
    expect(lowered()).toHaveLength(1);
    await Promise.all([threads.run(slow), threads.run(slow)]);
    expect(lowered()).toHaveLength(2);
    for (const [id, nice] of before) expect(niceness().get(id) ?? nice).toBe(nice);

    vi.advanceTimersByTime(59_000);
    expect(lowered()).toHaveLength(2);
    await threads.run(hash(1));
    vi.advanceTimersByTime(59_000);
    await vi.waitUntil(() => lowered().length === 1, { timeout: 5_000 });
    vi.advanceTimersByTime(2_000);
    await vi.waitUntil(() => lowered().length === 0, { timeout: 5_000 });
    await expect(threads.run(hash(1))).resolves.toBeInstanceOf(Uint8Array);
  });

  it('are not ended while they hash, however long that takes', async () => {
    const threads = new HashThreads();
    await threads.run(hash(1));
    const hashing = threads.run(slow);
    vi.advanceTimersByTime(61_000);
    await expect(hashing).resolves.toMatch(/^\$argon2id\$/);
  });
});
