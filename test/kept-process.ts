import { spawn } from 'node:child_process';

/** A program that runs no longer than this process. */
export interface KeptProcess {
  readonly pid: number;
  /** Kills it, as a crash does; resolves once it is gone. */
  kill(): Promise<void>;
}

/** Starts a program that ends by itself when this process is gone, in whatever way: a shell reads our pipe and kills it. */
export async function startKept(command: readonly string[]): Promise<KeptProcess> {
  const script = 'exec 3<&0; "$@" <&- >&2 & echo $!; cat <&3 >/dev/null; kill -KILL $!; wait';
  const keeper = spawn('/bin/sh', ['-c', script, 'keeper', ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
  const pid = await new Promise<number>((resolve, reject) => {
    keeper.once('error', reject);
    keeper.stdout.once('data', (line) => resolve(Number(line)));
  });
  let ended: Promise<void> | undefined;
  return {
    pid,
    kill: () => {
      ended ??= new Promise((resolve) => {
        keeper.once('close', () => resolve());
        keeper.stdin.end();
      });
      return ended;
    },
  };
}
