import { Writable } from 'node:stream';
import { scopes } from '../src/accounts/access.ts';
import { type App, type AppOptions, composeApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { demoKey, demoTopology, seedDemo } from '../src/demo.ts';
import { freshMigratedUrl } from './dialects.ts';

export interface RunningApp {
  app: App;
  /** Base address, without a slash at its end. */
  url: string;
  /** Every log line so far, parsed. */
  logs: Record<string, unknown>[];
  /** The log as it was written. */
  rawLog(): string;
  stop(): Promise<void>;
}

/**
 * Starts the whole server in this process, on a free port and a fresh database of the given kind, with the demo's house,
 * people and key unless `options` say otherwise. `env` are FOYER_* settings on top of the defaults.
 */
export async function startApp(
  kind: 'sqlite' | 'postgres',
  env: Record<string, string> = {},
  options: Partial<Pick<AppOptions, 'topology' | 'seed' | 'fixedKeys'>> = {},
): Promise<RunningApp> {
  const database = await freshMigratedUrl(kind);
  return serveDatabase(database.url, env, options, database.drop);
}

/** The same on a database that is there already; it stays when the server stops, unless `afterwards` removes it. */
export async function serveDatabase(
  databaseUrl: string,
  env: Record<string, string> = {},
  options: Partial<Pick<AppOptions, 'topology' | 'seed' | 'fixedKeys'>> = {},
  afterwards: () => Promise<void> = async () => undefined,
): Promise<RunningApp> {
  let raw = '';
  const logDestination = new Writable({
    write(chunk, _encoding, done) {
      raw += String(chunk);
      done();
    },
  });
  const config = loadConfig(
    // What tests look for in the outbox must not be taken out by a worker.
    { FOYER_PORT: '0', FOYER_DATABASE_URL: databaseUrl, FOYER_LOG_REQUESTS: 'all', FOYER_JOBS: 'off', ...env },
    'serve',
  );
  const app = composeApp({
    config,
    topology: demoTopology,
    seed: async (store, deps) => {
      await seedDemo(store, deps);
    },
    fixedKeys: [{ key: demoKey, name: 'demo', scopes }],
    logDestination: logDestination as never,
    // Nobody sends anything to a server that is being stopped.
    closeGraceMs: 0,
    ...options,
  });
  const url = await startOn(app);
  return {
    app,
    url,
    get logs() {
      return raw
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    rawLog: () => raw,
    stop: async () => {
      await app.stop();
      await afterwards();
    },
  };
}

async function startOn({ store, start }: App): Promise<string> {
  try {
    // A server on PostgreSQL does not migrate by itself. Where the schema is up to date this only looks.
    await store.migrate();
    const url = await start();
    await store.alignIdentities();
    return url;
  } catch (error) {
    await store.close();
    throw error;
  }
}
