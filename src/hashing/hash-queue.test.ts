import { describe, expect, it } from 'vitest';
import { AccountError } from '../accounts/errors.ts';
import { HashQueue } from './hash-queue.ts';

interface Job {
  run: () => Promise<string>;
  finish: () => void;
  fail: (error: Error) => void;
}

/** Jobs that end when the test says so, and the order in which they were started. */
function controlledJobs() {
  const started: string[] = [];
  const job = (name: string): Job => {
    let finish = () => {};
    let fail = (_error: Error) => {};
    const ended = new Promise<string>((resolve, reject) => {
      finish = () => resolve(name);
      fail = reject;
    });
    const run = () => {
      started.push(name);
      return ended;
    };
    return { run, finish, fail };
  };
  return { job, started };
}

/** A queue whose line is as long as it may be: jobs of a second, two at a time, and nobody is to wait longer than two. */
async function fullQueue() {
  let nowMs = 0;
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  const queue = new HashQueue({ concurrency: 2, maxWaitMs: 2000, maxQueued: 1000, now: () => nowMs });
  const job = async () => pass(1000);
  for (let count = 0; count < 100; count += 1) await queue.run(job);
  expect(queue.averageJobMs).toBeCloseTo(1000, 0);

  const { job: controlled } = controlledJobs();
  const jobs = ['a', 'b', 'c', 'd', 'e', 'f'].map(controlled);
  // Two run, four wait: the fourth of them for two seconds, as jobs of a second leave two at a time.
  const results = jobs.map(({ run }) => queue.run(run));
  expect([queue.running, queue.queued]).toEqual([2, 4]);
  const finish = async () => {
    for (const each of jobs) each.finish();
    await Promise.all(results);
  };
  return { queue, job, pass, finish };
}

/** Lets every callback that is ready run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

const roomy = { maxWaitMs: 1_000_000, maxQueued: 1000 };

describe('order and concurrency', () => {
  it('starts jobs in the order they came, never more at once than allowed', async () => {
    const { job, started } = controlledJobs();
    const queue = new HashQueue({ concurrency: 2, ...roomy });
    const jobs = ['a', 'b', 'c', 'd'].map(job);
    const results = jobs.map(({ run }) => queue.run(run));
    await settle();
    expect(started).toEqual(['a', 'b']);
    expect([queue.running, queue.queued]).toEqual([2, 2]);

    jobs[1]!.finish();
    expect(await results[1]).toBe('b');
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
    expect([queue.running, queue.queued]).toEqual([2, 1]);

    for (const { finish } of jobs) finish();
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
    await settle();
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });

  it('hands a failure to its own caller and goes on', async () => {
    const { job } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    const [bad, good] = [job('bad'), job('good')];
    const results = [queue.run(bad.run), queue.run(good.run)];
    const error = new Error('no memory');
    bad.fail(error);
    good.finish();
    await expect(results[0]).rejects.toBe(error);
    expect(await results[1]).toBe('good');
    const thrown = queue.run(() => {
      throw error;
    });
    await expect(thrown).rejects.toBe(error);
    expect(await queue.run(async () => 'after')).toBe('after');
  });

  it('works through a long line in order', async () => {
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 1_000_000, maxQueued: 10_000 });
    const order: number[] = [];
    const numbers = Array.from({ length: 10_000 }, (_, index) => index);
    await Promise.all(numbers.map((index) => queue.run(async () => order.push(index))));
    expect(order).toEqual(numbers);
  });
});

describe('shedding', () => {
  it('refuses at once when the line is full, and accepts again when there is room', async () => {
    const { job, started } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 1_000_000, maxQueued: 1 });
    const [a, b, c, d] = [job('a'), job('b'), job('c'), job('d')];
    const results = [queue.run(a.run), queue.run(b.run)];
    const refusal = await queue.run(c.run).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AccountError);
    expect(refusal).toMatchObject({ code: 'overloaded', details: { retryAfterSeconds: 1 } });
    expect(queue.shedTotal).toBe(1);

    a.finish();
    await results[0];
    await settle();
    results.push(queue.run(d.run));
    b.finish();
    d.finish();
    await Promise.all(results);
    expect(started).toEqual(['a', 'b', 'd']);
  });

  it('uses a free slot whatever the limits say, also for a caller who comes straight back', async () => {
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 0, maxQueued: 0 });
    expect(await queue.run(async () => 'done')).toBe('done');
    expect(await queue.run(async () => 'again')).toBe('again');
    await expect(queue.run(() => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    expect(await queue.run(async () => 'once more')).toBe('once more');
    expect(queue.shedTotal).toBe(0);
  });

  it('refuses when the wait would be too long', async () => {
    const { queue, job, finish } = await fullQueue();
    await expect(queue.run(job)).rejects.toMatchObject({ code: 'overloaded', details: { retryAfterSeconds: 1 } });
    await finish();
  });

  it('tells those whom it refuses to come back one after another, within half a minute', async () => {
    const { queue, job, pass, finish } = await fullQueue();
    const refusedFor = async (count: number): Promise<number[]> => {
      const refusals = Array.from({ length: count }, () => queue.run(job).catch((error: AccountError) => error));
      return (await Promise.all(refusals)).map((error) => (error as AccountError).details.retryAfterSeconds!);
    };
    // Room for two a second; after the last of half a minute from the front again.
    const seconds = await refusedFor(64);
    expect(seconds.slice(0, 6)).toEqual([1, 1, 2, 2, 3, 3]);
    expect(seconds.slice(56)).toEqual([29, 29, 30, 30, 1, 1, 2, 2]);
    // What was promised comes nearer as time passes, and is over when nobody was refused for a while.
    pass(1000);
    expect(await refusedFor(2)).toEqual([2, 2]);
    pass(5000);
    expect(await refusedFor(2)).toEqual([1, 1]);
    await finish();
  });

  it('weighs new durations in gradually', async () => {
    let nowMs = 0;
    const queue = new HashQueue({ concurrency: 1, ...roomy, now: () => nowMs });
    const before = queue.averageJobMs;
    await queue.run(async () => {
      nowMs += before + 50;
    });
    expect(queue.averageJobMs).toBeCloseTo(before + 5);
    await queue.run(async () => {
      nowMs += before + 5;
    });
    expect(queue.averageJobMs).toBeCloseTo(before + 5);
  });

  it('counts a job that took as long as a standstill like one of four times the usual', async () => {
    let nowMs = 0;
    const queue = new HashQueue({ concurrency: 1, ...roomy, now: () => nowMs });
    const before = queue.averageJobMs;
    await queue.run(async () => {
      nowMs += 25_000;
    });
    expect(queue.averageJobMs).toBeCloseTo(1.3 * before);
  });
});

describe('admission', () => {
  it('is asked when the turn has come, and a refusal frees the slot without running the job', async () => {
    const { job, started } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    const [a, b, c] = [job('a'), job('b'), job('c')];
    const refusal = new AccountError('account_locked');
    const first = queue.run(a.run, () => void started.push('admit a'));
    const second = queue.run(b.run, () => {
      started.push('admit b');
      throw refusal;
    });
    const third = queue.run(c.run, async () => void started.push('admit c'));
    await settle();
    expect(started).toEqual(['admit a', 'a']);

    a.finish();
    c.finish();
    expect(await first).toBe('a');
    await expect(second).rejects.toBe(refusal);
    expect(await third).toBe('c');
    expect(started).toEqual(['admit a', 'a', 'admit b', 'admit c', 'c']);
    await settle();
    expect([queue.running, queue.queued, queue.shedTotal]).toEqual([0, 0, 0]);
  });

  it('leaves refused callers out of the average', async () => {
    let nowMs = 0;
    const queue = new HashQueue({ concurrency: 1, ...roomy, now: () => nowMs });
    const before = queue.averageJobMs;
    const refused = queue.run(
      async () => 'never',
      async () => {
        nowMs += 1;
        throw new Error('gone');
      },
    );
    await expect(refused).rejects.toThrow('gone');
    await settle();
    expect(queue.averageJobMs).toBe(before);
    expect(queue.doneTotal).toBe(0);
    await queue.run(async () => 'done');
    await expect(queue.run(() => Promise.reject(new Error('bad')))).rejects.toThrow('bad');
    expect(queue.doneTotal).toBe(2);
  });
});

describe('draining', () => {
  it('waits for everything that runs or waits, failures included', async () => {
    const { job } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    const [a, b] = [job('a'), job('b')];
    const first = queue.run(a.run);
    const second = queue.run(b.run).catch(() => 'failed');
    let isDrained = false;
    const drained = queue.drain().then(() => {
      isDrained = true;
    });
    await settle();
    expect(isDrained).toBe(false);
    a.finish();
    await first;
    await settle();
    expect(isDrained).toBe(false);
    b.fail(new Error('broken'));
    await drained;
    expect(await second).toBe('failed');
  });

  it('is done at once when nothing is there', async () => {
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    await queue.drain();
    await queue.run(async () => 'used');
    await queue.drain();
    expect([queue.running, queue.queued]).toEqual([0, 0]);
  });
});

describe('telling callers of the end of their jobs', () => {
  const told = (results: Promise<string>[]): string[] => {
    const names: string[] = [];
    for (const result of results) result.then((name) => names.push(name));
    return names;
  };

  it('happens at once while nobody waits in line', async () => {
    const { job } = controlledJobs();
    const queue = new HashQueue({ concurrency: 2, ...roomy });
    const jobs = ['a', 'b'].map(job);
    const names = told(jobs.map(({ run }) => queue.run(run)));
    jobs[0]!.finish();
    await settle();
    expect(names).toEqual(['a']);
  });

  it('happens for a few together while others wait, and for the rest when the line is empty', async () => {
    const { job, started } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    const jobs = ['a', 'b', 'c', 'd'].map(job);
    const names = told(jobs.map(({ run }) => queue.run(run)));
    const toldAfter: string[] = [];
    for (const { finish } of jobs) {
      finish();
      await settle();
      toldAfter.push(names.join(''));
    }
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(toldAfter).toEqual(['', 'ab', 'abc', 'abcd']);
  });

  it('does not wait for a job that takes its time', async () => {
    const { job } = controlledJobs();
    const queue = new HashQueue({ concurrency: 1, ...roomy });
    const jobs = ['a', 'never', 'after it'].map(job);
    const results = jobs.map(({ run }) => queue.run(run));
    jobs[0]!.finish();
    await expect(results[0]).resolves.toBe('a');
    expect(queue.running).toBe(1);
  });
});
