import { setFlagsFromString } from 'node:v8';
import type { App } from '../app.ts';

/** Starts a server that stops on SIGTERM and SIGINT, and gives its address. One that cannot start is closed again. */
export async function runServer(app: App): Promise<string> {
  lookForGarbageSooner();
  stopOnSignals(app);
  try {
    return await app.start();
  } catch (error) {
    await app.stop().catch(() => undefined);
    throw error;
  }
}

/**
 * On a machine with much memory V8 lets its heap grow to several times of what is alive before it looks through all of
 * it. Half as much again is enough here: 40 MB less under load, at the same speed (docs/performance.md).
 */
function lookForGarbageSooner(): void {
  setFlagsFromString('--heap-growing-percent=50');
}

function stopOnSignals(app: App): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // The second of two signals changes nothing: npm passes on what the terminal has sent already.
    if (isStopping) return;
    isStopping = true;
    app.logger.info({ signal }, 'stopping');
    app
      .stop()
      .catch((error: unknown) => {
        app.logger.error({ err: error }, 'stopping failed');
        process.exitCode = 1;
      })
      .finally(() => process.exit());
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
