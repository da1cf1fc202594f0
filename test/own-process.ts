import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const root = resolve(import.meta.dirname, '..');

export interface ScriptRun {
  /** Null when a signal ended it. */
  code: number | null;
  /** What it wrote to stdout. */
  lines: string[];
}

/**
 * Bundles a TypeScript program, whose imports start at the root of the project, for a suite. Gives what runs it in a
 * process of its own: `onLine` sees each line as it is written and may kill the process on the spot.
 */
export function scriptOfSuite(
  contents: string,
): (args: readonly string[], onLine?: (line: string, kill: () => void) => void) => Promise<ScriptRun> {
  let folder = '';
  beforeAll(async () => {
    const cache = join(root, 'node_modules/.cache/foyer-test');
    mkdirSync(cache, { recursive: true });
    // Inside the package, because its dependencies are looked up from there.
    folder = mkdtempSync(join(cache, 'script-'));
    await build({
      stdin: { contents, resolveDir: root, loader: 'ts' },
      outfile: join(folder, 'script.mjs'),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  return async (args, onLine) => {
    const child = spawn(process.execPath, [join(folder, 'script.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((done, fail) => {
      child.on('error', fail);
      child.on('close', done);
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      onLine?.(line, () => child.kill('SIGKILL'));
    }
    return { code: await ended, lines };
  };
}
