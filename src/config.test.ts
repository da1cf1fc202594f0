import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Config, ConfigError, describeConfig, loadConfig } from './config.ts';
import type { Mode } from './config-setting.ts';
import { chainEntries, settingEntries } from './config-table.ts';

function faultsOf(env: NodeJS.ProcessEnv, mode: Mode = 'serve'): readonly string[] {
  try {
    loadConfig(env, mode);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has types as narrow as its kinds', () => {
    expectTypeOf<Config['port']>().toEqualTypeOf<number>();
    expectTypeOf<Config['tokenMode']>().toEqualTypeOf<'stable' | 'rotating'>();
    expectTypeOf<Config['rateLimit']>().toEqualTypeOf<boolean>();
    expectTypeOf<Config['trustedProxies']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Config['databaseUrl' | 'databaseReadUrl' | 'redisUrl' | 'pepper']>().toEqualTypeOf<
      string | undefined
    >();
  });

  it('gives the defaults when nothing is set', () => {
    expect(loadConfig({ PATH: '/bin' }, 'serve')).toEqual({
      host: '127.0.0.1',
      port: 8080,
      trustedProxies: [],
      requestTimeoutSeconds: 15,
      bodyLimitBytes: 262_144,
      drainSeconds: 10,
      databaseUrl: 'sqlite:./data/foyer.db',
      databaseReadUrl: undefined,
      poolSize: 10,
      statementTimeoutMs: 5000,
      timeZone: 'Europe/Berlin',
      tokenMode: 'stable',
      tokenLifespanDays: 14,
      maxDevices: 10,
      previousTokenSeconds: 60,
      readsSignInHeaders: true,
      requireCurrentPassword: true,
      lockFailures: 10,
      lockSeconds: 600,
      rateLimit: true,
      ipFailuresPerFiveMinutes: 60,
      redisUrl: undefined,
      pepper: undefined,
      hashConcurrency: availableParallelism(),
      hashMaxWaitMs: 2000,
      hashMaxQueued: 1000,
      runsJobs: true,
      spaazaPullIntervalSeconds: 300,
      deadLetterDays: 90,
      inboxDays: 14,
      tombstoneDays: 400,
      signInHistoryDays: 90,
      logLevel: 'info',
      logRequests: 'failed',
      metrics: true,
      spaazaApiVersion: '1.6.3',
      spaazaTimeoutMs: 10_000,
      spaazaRatePerSecond: 5,
      spaazaConcurrency: 2,
      spaaza: {},
    } satisfies Config);
  });

  it('has defaults that their own kinds allow', () => {
    const config = loadConfig({}, 'serve');
    for (const [key, { kind }] of settingEntries()) {
      const value = config[key];
      if (value === undefined || key === 'trustedProxies') continue;
      expect(kind.parse(kind.print(value)), key).toEqual(value);
    }
  });

  it('leaves the place of the data to the demo, unless it is given', () => {
    expect(loadConfig({}, 'demo').databaseUrl).toBeUndefined();
    expect(loadConfig({}, 'tool').databaseUrl).toBe('sqlite:./data/foyer.db');
    expect(loadConfig({ FOYER_DATABASE_URL: 'sqlite:x.db' }, 'demo').databaseUrl).toBe('sqlite:x.db');
  });

  it('takes a replica of PostgreSQL, beside PostgreSQL only, and no database in memory', () => {
    const [primary, replica] = ['postgres://db/foyer', 'postgres://standby/foyer'];
    const read = { FOYER_DATABASE_URL: primary, FOYER_DATABASE_READ_URL: replica };
    expect(loadConfig(read, 'serve')).toMatchObject({ databaseUrl: primary, databaseReadUrl: replica });
    expect(faultsOf({ ...read, FOYER_DATABASE_READ_URL: 'sqlite:x.db' })).toHaveLength(1);
    expect(faultsOf({ FOYER_DATABASE_READ_URL: replica })).toEqual([
      'FOYER_DATABASE_READ_URL is set, but only PostgreSQL has replicas, and FOYER_DATABASE_URL is SQLite',
    ]);
    expect(faultsOf({ FOYER_DATABASE_URL: 'sqlite::memory:' })).toHaveLength(1);
  });

  it('reads values as their kinds', () => {
    const config = loadConfig(
      {
        FOYER_PORT: '0',
        FOYER_RATE_LIMIT: 'off',
        FOYER_TOKEN_MODE: 'rotating',
        FOYER_TRUST_PROXY: 'loopback, 10.0.0.0/8',
      },
      'serve',
    );
    expect(config).toMatchObject({
      port: 0,
      rateLimit: false,
      tokenMode: 'rotating',
      trustedProxies: ['loopback', '10.0.0.0/8'],
    });
  });

  it('names every setting with a bad value in one error, with what was given and what is allowed', () => {
    const bad = Object.fromEntries(settingEntries().map(([, { env }]) => [env, '\n']));
    const faults = faultsOf({ ...bad, FOYER_SPAAZA_SECRET_1: '\n', FOYER_SPAAZA_API_1: '\n', FOYER_PROT: '1' });
    expect(faults).toHaveLength(settingEntries().length + 3);
    for (const [, { env, kind, isSecret }] of settingEntries()) {
      const given = isSecret ? '***' : '"\\n"';
      expect(
        faults.find((fault) => fault.startsWith(`${env} is ${given}, but must be ${kind.allowed}`)),
        env,
      ).toBeDefined();
    }
  });

  it('puts each fault on a line of its own, whatever characters are in it', () => {
    const env = { FOYER_PORT: 'a\nb\r\u2028', FOYER_HOST: ' ', 'FOYER_A\nB': '1', FOYER_LOCK_SECONDS: '0' };
    expect(() => loadConfig(env, 'serve')).toThrow(ConfigError);
    try {
      loadConfig(env, 'serve');
    } catch (error) {
      expect((error as Error).message.split('\n')).toEqual([
        'The configuration has 4 faults:',
        '  FOYER_HOST is " ", but must be an IP address (IPv6 without brackets) or a host name',
        '  FOYER_PORT is "a\\nb\\r\\u{2028}", but must be a whole number from 0 to 65535',
        '  FOYER_LOCK_SECONDS is "0", but must be a whole number from 1 to 604800 (seconds)',
        '  "FOYER_A\\nB" is unknown',
      ]);
    }
  });

  it('refuses a variable that is set but empty instead of falling back to the default', () => {
    expect(faultsOf({ FOYER_DATABASE_URL: '', FOYER_TRUST_PROXY: '', FOYER_PEPPER: '' })).toEqual([
      expect.stringMatching(/^FOYER_TRUST_PROXY is empty, but must be /),
      expect.stringMatching(/^FOYER_DATABASE_URL is empty, but must be /),
      expect.stringMatching(/^FOYER_PEPPER is empty, but must be /),
    ]);
  });

  it('never puts a secret into a fault', () => {
    const secret = 'hunter2';
    const faults = faultsOf({
      FOYER_PEPPER: `${secret}\n`,
      FOYER_DATABASE_URL: `mysql://foyer:${secret}@db`,
      FOYER_SPAAZA_SECRET_123: secret,
      FOYER_SPAAZA_SECRET_124_FILE: secret,
      FOYER_SPAAZA_API_123: `https://u:${secret}@h`,
      FOYER_SPAAZA_WEBHOOK_SECRET_123: secret,
      FOYER_PEPER: secret,
    });
    expect(faults).toHaveLength(7);
    expect(faults.join('\n')).not.toContain(secret);
    expect(faults.join('\n')).toContain('FOYER_DATABASE_URL is "mysql://***"');
  });

  it('cuts a long value short', () => {
    expect(faultsOf({ FOYER_PORT: '9'.repeat(10_000) })[0]!.length).toBeLessThan(300);
  });

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', 'localhost'])('binds the demo to %s', (host) => {
    expect(loadConfig({ FOYER_HOST: host }, 'demo').host).toBe(host);
  });

  it.each(['0.0.0.0', '::', '192.168.0.1', '126.0.0.1', '128.0.0.1', '::ffff:10.0.0.1', 'foyer.internal'])(
    'keeps the demo, and only the demo, from binding to %s',
    (host) => {
      expect(faultsOf({ FOYER_HOST: host }, 'demo')).toEqual([
        `FOYER_HOST is "${host}", but the demo binds to loopback only: 127.0.0.1, ::1 or localhost`,
      ]);
      expect(loadConfig({ FOYER_HOST: host }, 'serve').host).toBe(host);
    },
  );

  it('is frozen to the bottom', () => {
    const config = loadConfig({ FOYER_TRUST_PROXY: 'loopback', FOYER_SPAAZA_SECRET_123: 'key:secret' }, 'serve');
    const parts = [config, config.trustedProxies, config.spaaza, config.spaaza[123], config.spaaza[123]?.credential];
    for (const part of parts) {
      expect(part).toBeTypeOf('object');
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('fails with nothing but a ConfigError of one line per fault, whatever the environment holds', () => {
    const names = fc.oneof(
      fc.constantFrom(...settingEntries().flatMap(([, { env }]) => [env, `${env}_FILE`])),
      fc
        .tuple(fc.constantFrom(...chainEntries().map(([, { prefix }]) => prefix)), fc.string())
        .map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }).map((rest) => `FOYER_${rest}`),
      fc.string(),
    );
    const values = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.nat().map(String)), { nil: undefined });
    fc.assert(
      fc.property(fc.dictionary(names, values), fc.constantFrom<Mode>('serve', 'demo', 'tool'), (env, mode) => {
        try {
          describeConfig(loadConfig(env, mode));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          const { faults, message } = error as ConfigError;
          expect(message.split(/[\n\r\u0085\u2028\u2029]/)).toHaveLength(faults.length + 1);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('describeConfig', () => {
  it('prints every setting and masks what is secret', () => {
    const description = describeConfig(
      loadConfig(
        {
          FOYER_DATABASE_URL: 'postgres://foyer:hunter2@db/foyer',
          FOYER_PEPPER: 'hunter2',
          FOYER_SPAAZA_SECRET_123: 'hunter2:hunter2',
          FOYER_SPAAZA_API_123: 'http://stand-in',
          FOYER_SPAAZA_WEBHOOK_SECRET_123: 'hunter2-old,hunter2-new',
          FOYER_RATE_LIMIT: '0',
        },
        'serve',
      ),
    ).split('\n');
    expect(description).toEqual(
      expect.arrayContaining([
        'FOYER_PORT=8080',
        'FOYER_DATABASE_URL=postgres://foyer:***@db/foyer',
        'FOYER_PEPPER=***',
        'FOYER_RATE_LIMIT=off',
        'FOYER_TRUST_PROXY=(not set)',
        'FOYER_SPAAZA_SECRET_123=***',
        'FOYER_SPAAZA_API_123=http://stand-in',
        'FOYER_SPAAZA_WEBHOOK_SECRET_123=***',
      ]),
    );
    expect(description).toHaveLength(settingEntries().length + 3);
    expect(description.join('\n')).not.toContain('hunter2');
  });

  it('says of an unset secret that it is not set', () => {
    const lines = describeConfig(loadConfig({}, 'demo')).split('\n');
    expect(lines).toEqual(expect.arrayContaining(['FOYER_DATABASE_URL=(not set)', 'FOYER_PEPPER=(not set)']));
  });
});
