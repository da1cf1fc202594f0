/** One piece of raw work for `milliseconds`: what it got done and how long each took. */
export interface RawResult {
  count: number;
  /** Milliseconds that were really measured. */
  elapsedMs: number;
  latencies: number[];
}

/**
 * Lets the parent process ask for work: each message is a number of milliseconds, each answer a RawResult. Ends when the
 * parent is gone.
 */
export function serveRawWork(work: (milliseconds: number) => Promise<RawResult>): void {
  process.on('message', (milliseconds: number) => {
    work(milliseconds).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
}
