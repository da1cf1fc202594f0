import { type ChildProcess, spawn } from 'node:child_process';
import { freePort } from '../test/free-port.ts';

/** A process of ours that serves HTTP on loopback. */
export interface ServerProcess {
  url: string;
  pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  readyMs: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
// Whatever ends this process takes its children along.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Remembers a child, so that it does not outlive this process; gives what it wrote to stderr last. */
export function guard(child: ChildProcess): () => string {
  running.add(child);
  child.on('exit', () => running.delete(child));
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log = (log + chunk).slice(-4_000);
  });
  return () => log.trim();
}

/** As `npm start` and the image start Foyer (docs/operations.md); everything it is compared with gets it as well. */
const youngRoom = '--max-semi-space-size=32';

/**
 * Starts `node <args of the port>` and waits until `path` answers 200, asking every 5 ms. Throws with the end of its log
 * when it exits before or is not ready within 20 s.
 */
export async function startServer(options: {
  name: string;
  argsOf(port: number): string[];
  env?(port: number): Record<string, string>;
  path: string;
}): Promise<ServerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = performance.now();
  const child = spawn(process.execPath, [youngRoom, ...options.argsOf(port)], {
    env: { ...process.env, NODE_ENV: 'production', ...options.env?.(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = guard(child);
  child.stdout?.resume();
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  }).then(() => {
    hasEnded = true;
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(force);
  };
  for (;;) {
    if (hasEnded) throw new Error(`${options.name} did not start: ${log()}`);
    if (await answers(`${url}${options.path}`)) break;
    if (performance.now() - start > 20_000) {
      await stop();
      throw new Error(`${options.name} was not ready within 20 s: ${log()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { url, pid: child.pid!, readyMs: performance.now() - start, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { headers: { connection: 'close' }, signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
