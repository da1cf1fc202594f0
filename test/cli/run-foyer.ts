import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';

/** What a command left behind when it ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A server in a process of its own. */
export interface Served {
  /** Base address, without a slash at its end. */
  url: string;
  pid: number;
  stdout(): string;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

export interface Binary {
  /** Runs one command to its end; `stdin` is closed at once when left out. */
  run(args: readonly string[], env?: Record<string, string>, stdin?: string | Buffer): Promise<Ended>;
  /** The same with `--json`, giving the parsed document as well; the other stream must be empty. */
  json(args: readonly string[], env?: Record<string, string>): Promise<Ended & { document: unknown }>;
  /**
   * Starts `serve` or `demo`, on a free port unless `env` names one, and waits until requests are served. `under` is the
   * beginning of a command line that runs the rest of it as its own process, such as that of a debugger.
   */
  serve(command: 'serve' | 'demo', env?: Record<string, string>, under?: readonly string[]): Promise<Served>;
  /** Path of the program, for whoever starts it in another way. */
  readonly program: string;
  /** A folder of the suite's own: where every command runs, so that relative paths end there. */
  readonly folder: string;
}

/**
 * The program as it is shipped, run in a folder of the suite's own; folder and whatever still runs go at the suite's end.
 * Nothing of our own environment but PATH, HOME and TMPDIR reaches the processes.
 */
export function bundledBinary(): Binary {
  let folder = '';
  const children = new Set<ChildProcess>();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'foyer-cli-'));
  });
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (
    args: readonly string[],
    env: Record<string, string>,
    stdin: 'pipe' | 'ignore',
    under: readonly string[] = [],
  ) => {
    const { PATH = '', HOME = '', TMPDIR } = process.env;
    const [file, ...rest] = [...under, process.execPath, inject('program'), ...args];
    const child = spawn(file!, rest, {
      cwd: folder,
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...env },
      stdio: [stdin, 'pipe', 'pipe'],
    });
    children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((done, fail) => {
      child.on('error', fail);
      child.on('close', (code) => {
        children.delete(child);
        done({ code, stdout, stderr });
      });
    });
    return { child, ended, stdout: () => stdout };
  };

  const run: Binary['run'] = (args, env = {}, stdin) => {
    const { child, ended } = start(args, env, stdin === undefined ? 'ignore' : 'pipe');
    // A command that refuses early does not read to the end.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin);
    return ended;
  };

  return {
    get program() {
      return inject('program');
    },
    get folder() {
      return folder;
    },
    run,
    json: async (args, env) => {
      const ended = await run([...args, '--json'], env);
      const [document, other] =
        ended.code === 0 || ended.stderr === '' ? [ended.stdout, ended.stderr] : [ended.stderr, ended.stdout];
      if (other !== '') throw new Error(`Both streams were used:\n${ended.stdout}\n${ended.stderr}`);
      return { ...ended, document: JSON.parse(document) as unknown };
    },
    serve: async (command, env = {}, under = []) => {
      const { child, ended, stdout } = start([command], { FOYER_PORT: '0', ...env }, 'ignore', under);
      const failed = ended.then(({ stderr }) => Promise.reject(new Error(`It ended: ${stderr}\n${stdout()}`)));
      failed.catch(() => undefined);
      const url = await Promise.race([addressIn(stdout), failed]);
      await Promise.race([eventually(async () => (await fetch(`${url}/readyz`)).status === 200), failed]);
      return { url, pid: child.pid!, stdout, kill: (signal) => child.kill(signal), ended };
    },
  };
}

/** Resolves once the check holds; fails after 20 s, far beyond what anything here may take. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await check()); ) {
    if (Date.now() > end) throw new Error('It did not happen within 20 s');
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function addressIn(stdout: () => string): Promise<string> {
  const address = (): string | undefined =>
    /"address":"(http:[^"]+)","msg":"serving"/.exec(stdout())?.[1] ?? /health +(http:\S+)\/health/.exec(stdout())?.[1];
  await eventually(() => address() !== undefined);
  return address()!;
}
