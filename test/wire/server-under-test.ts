import { afterAll, beforeAll, describe } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';

export type ServerUnderTest = Pick<RunningApp, 'app' | 'url' | 'logs' | 'rawLog'> & {
  readonly kind: 'sqlite' | 'postgres';
};
type Options = Parameters<typeof startApp>[2];

/**
 * Declares a suite against the whole demo server, once per database. Limits per address are off unless `env` turns them
 * on. All tests of the suite share the server, so each brings an account of its own.
 */
export function describeOnServers(
  title: string,
  suite: (server: ServerUnderTest) => void,
  env: Record<string, string> = {},
  options: Options = {},
): void {
  describe.each(['sqlite', 'postgres'] as const)(`${title} (%s)`, (kind) => {
    declareSuite(kind, suite, env, options);
  });
}

/** The same on SQLite alone, for what has nothing to do with storage. */
export function describeOnServer(
  title: string,
  suite: (server: ServerUnderTest) => void,
  env: Record<string, string> = {},
  options: Options = {},
): void {
  describe(title, () => declareSuite('sqlite', suite, env, options));
}

function declareSuite(
  kind: 'sqlite' | 'postgres',
  suite: (server: ServerUnderTest) => void,
  env: Record<string, string>,
  options: Options,
): void {
  let running: RunningApp | undefined;
  const started = (): RunningApp => {
    if (running === undefined) throw new Error('The server runs from beforeAll on');
    return running;
  };
  beforeAll(async () => {
    running = await startApp(kind, { FOYER_RATE_LIMIT: 'off', ...env }, options);
  });
  afterAll(() => running?.stop());
  suite({
    kind,
    get app() {
      return started().app;
    },
    get url() {
      return started().url;
    },
    get logs() {
      return started().logs;
    },
    rawLog: () => started().rawLog(),
  });
}
