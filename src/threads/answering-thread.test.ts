import { describe, expect, it } from 'vitest';
import { AnsweringThread, ThreadEnded } from './answering-thread.ts';

/** Adds what it is given to `from`; words are orders. */
const open = `({ from }) => ({
  answer: (call) => {
    if (call === 'exit') process.exit(3);
    if (call === 'later') setTimeout(() => { throw new Error('much later'); });
    if (call === 'uncloneable') return () => 0;
    if (typeof call === 'string') throw Object.assign(new Error('no number: ' + call), { code: 'NO_NUMBER' });
    return from + call;
  },
})`;
const thread = () => new AnsweringThread({ open, data: { from: 100 } });

describe('a thread that answers', () => {
  it('gives each caller the answer to their own call', async () => {
    const counting = thread();
    const answers = Promise.all([1, 2, 3].map((call) => counting.ask(call)));
    expect(counting.waiting).toBe(3);
    expect(await answers).toEqual([101, 102, 103]);
    expect(counting.waiting).toBe(0);
    await counting.close();
  });

  it('passes on what an answer fails with, and goes on', async () => {
    const counting = thread();
    await expect(counting.ask('seven')).rejects.toMatchObject({ message: 'no number: seven', code: 'NO_NUMBER' });
    await expect(counting.ask('uncloneable')).rejects.toThrow(/could not be cloned/);
    expect(await counting.ask(7)).toBe(107);
    await counting.close();
  });

  it('answers what was asked before it closes, and nothing afterwards', async () => {
    const counting = thread();
    const [one, two] = [counting.ask(1), counting.ask(2)];
    const closed = counting.close();
    const late = counting.ask(3);
    expect(await Promise.all([one, two])).toEqual([101, 102]);
    await expect(late).rejects.toBeInstanceOf(ThreadEnded);
    await closed;
    expect(counting.hasEnded).toBe(true);
    await expect(counting.ask(4)).rejects.toBeInstanceOf(ThreadEnded);
    await counting.close();
  });

  it.each(['exit', 'later'])('leaves nobody waiting when it ends by itself (%s)', async (how) => {
    const counting = thread();
    const answers = await Promise.allSettled([counting.ask(how), counting.ask(1), counting.ask(2), counting.ask(3)]);
    await expect.poll(() => counting.hasEnded).toBe(true);
    if (how === 'exit') for (const answer of answers) expect(answer).toMatchObject({ reason: expect.any(ThreadEnded) });
    await expect(counting.ask(4)).rejects.toBeInstanceOf(ThreadEnded);
  });

  it('leaves nobody waiting when it cannot open what it needs', async () => {
    const broken = new AnsweringThread({ open: `() => { throw new Error('no such file'); }`, data: undefined });
    await expect(broken.ask(1)).rejects.toMatchObject({ name: 'ThreadEnded', cause: { message: 'no such file' } });
    await broken.close();
  });
});
