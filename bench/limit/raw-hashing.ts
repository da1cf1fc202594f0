import { availableParallelism } from 'node:os';
import * as argon2 from '@node-rs/argon2';
import { argon2idOptions } from '../../src/hashing/password-primitives.ts';
import { password } from '../people.ts';
import { type RawResult, serveRawWork } from './raw-work.ts';

// The limit for sign-ins: the same argon2id checks as Foyer's, one a CPU at a time, and nothing else.
const stored = await argon2.hash(password, argon2idOptions);

async function hashFor(milliseconds: number): Promise<RawResult> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + milliseconds;
  const worker = async (): Promise<void> => {
    while (performance.now() < end) {
      const before = performance.now();
      if (!(await argon2.verify(stored, password))) throw new Error('The hash does not fit');
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return { count: latencies.length, elapsedMs: performance.now() - start, latencies };
}

serveRawWork(hashFor);
