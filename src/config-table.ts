import { availableParallelism } from 'node:os';
import { backgroundSettings } from './config-background.ts';
import {
  choice,
  databaseUrl,
  hostName,
  httpUrl,
  lineOfText,
  oneOf,
  postgresUrl,
  proxyList,
  redisUrl,
  secretList,
  spaazaCredential,
  timeZoneName,
  versionNumber,
  wholeNumber,
} from './config-kinds.ts';
import { type ChainSetting, optional, type Setting, setting } from './config-setting.ts';

/** Every setting by its name in the Config, in the order of the documentation. */
export const settings = {
  host: setting({
    env: 'FOYER_HOST',
    kind: hostName,
    default: '127.0.0.1',
    doc: 'Address to listen on; `0.0.0.0` or `::` for all. The demo binds to loopback only.',
  }),
  port: setting({
    env: 'FOYER_PORT',
    kind: wholeNumber(0, 65_535),
    default: 8080,
    doc: 'Port to listen on; 0 takes any free one and logs which.',
  }),
  trustedProxies: setting({
    env: 'FOYER_TRUST_PROXY',
    kind: proxyList,
    default: [],
    defaultDoc: 'none',
    doc: 'Reverse proxies whose `X-Forwarded-For` is believed. With none, the peer address is the caller.',
  }),
  requestTimeoutSeconds: setting({
    env: 'FOYER_REQUEST_TIMEOUT_SECONDS',
    kind: wholeNumber(1, 3600),
    default: 15,
    unit: 'seconds',
    doc: 'Time a client has to send its whole request.',
  }),
  bodyLimitBytes: setting({
    env: 'FOYER_BODY_LIMIT',
    kind: wholeNumber(1024, 16_777_216),
    default: 262_144,
    unit: 'bytes',
    doc: 'Longest request body; longer ones are answered 413.',
  }),
  drainSeconds: setting({
    env: 'FOYER_SHUTDOWN_SECONDS',
    kind: wholeNumber(0, 3600),
    default: 10,
    unit: 'seconds',
    doc: 'Time that requests under way have to finish after a signal to stop.',
  }),
  databaseUrl: optional({
    env: 'FOYER_DATABASE_URL',
    kind: databaseUrl,
    default: (mode) => (mode === 'demo' ? undefined : 'sqlite:./data/foyer.db'),
    defaultDoc: '`sqlite:./data/foyer.db`; in the demo a temporary file',
    doc: 'Where the data lives. A relative path starts at the working directory.',
    isSecret: true,
  }),
  databaseReadUrl: optional({
    env: 'FOYER_DATABASE_READ_URL',
    kind: postgresUrl,
    default: undefined,
    defaultDoc: 'none',
    doc: 'PostgreSQL replica for reads that may lag behind: user_info, lists and search. A customer sees their own writes.',
    isSecret: true,
  }),
  poolSize: setting({
    env: 'FOYER_DATABASE_POOL',
    kind: wholeNumber(1, 1000),
    default: 10,
    doc: 'Most PostgreSQL connections for the requests of one process, which has one more; SQLite has no use for it.',
  }),
  statementTimeoutMs: setting({
    env: 'FOYER_DATABASE_TIMEOUT_MS',
    kind: wholeNumber(100, 600_000),
    default: 5000,
    unit: 'milliseconds',
    doc: 'Time after which PostgreSQL gives a statement up.',
  }),
  timeZone: setting({
    env: 'FOYER_TIMEZONE',
    kind: timeZoneName,
    default: 'Europe/Berlin',
    doc: 'Zone of the times in go~mus answers; Spaaza answers are in UTC.',
  }),
  tokenMode: setting({
    env: 'FOYER_TOKEN_MODE',
    kind: oneOf('stable', 'rotating'),
    default: 'stable',
    doc: '`stable`: the token from sign-in keeps working. `rotating`: every request is answered with a new one.',
  }),
  tokenLifespanDays: setting({
    env: 'FOYER_TOKEN_DAYS',
    kind: wholeNumber(1, 3650),
    default: 14,
    unit: 'days',
    doc: 'How long a session lasts without use.',
  }),
  maxDevices: setting({
    env: 'FOYER_MAX_DEVICES',
    kind: wholeNumber(1, 1000),
    default: 10,
    doc: 'Sessions of one customer; one more ends the one that would expire first.',
  }),
  previousTokenSeconds: setting({
    env: 'FOYER_TOKEN_GRACE_SECONDS',
    kind: wholeNumber(1, 60),
    default: 60,
    unit: 'seconds',
    doc: 'With `rotating`: how long a replaced token still works while its successor is unused.',
  }),
  readsSignInHeaders: setting({
    env: 'FOYER_SIGN_IN_HEADERS',
    kind: choice('yes', 'no'),
    default: true,
    doc: 'Whether go~mus sign-in also reads `email` and `password` from request headers, as devise_token_auth does.',
  }),
  requireCurrentPassword: setting({
    env: 'FOYER_REQUIRE_CURRENT_PASSWORD',
    kind: choice('yes', 'no'),
    default: true,
    doc: 'Whether changing a password over go~mus needs the current one. It is checked whenever it is sent.',
  }),
  lockFailures: setting({
    env: 'FOYER_LOCK_FAILURES',
    kind: wholeNumber(1, 1000),
    default: 10,
    doc: 'Wrong passwords in a row that lock an account.',
  }),
  lockSeconds: setting({
    env: 'FOYER_LOCK_SECONDS',
    kind: wholeNumber(1, 604_800),
    default: 600,
    unit: 'seconds',
    doc: 'How long an account stays locked.',
  }),
  rateLimit: setting({
    env: 'FOYER_RATE_LIMIT',
    kind: choice('on', 'off'),
    default: true,
    doc: 'Limits per address and by the share of failures; off for load tests. The account lock stays.',
  }),
  ipFailuresPerFiveMinutes: setting({
    env: 'FOYER_IP_FAILURES',
    kind: wholeNumber(1, 1_000_000),
    default: 60,
    doc: 'Failed sign-ins from one address within five minutes before it is answered 429. It may also have so many sign-ups and changes of a password under way at once.',
  }),
  redisUrl: optional({
    env: 'FOYER_REDIS_URL',
    kind: redisUrl,
    default: undefined,
    defaultDoc: 'none',
    doc: 'Redis or Valkey in which all nodes count failures and sign-ups per address. Without it PostgreSQL does; SQLite has one node.',
    isSecret: true,
  }),
  pepper: optional({
    env: 'FOYER_PEPPER',
    kind: lineOfText,
    default: undefined,
    defaultDoc: 'none',
    doc: 'Pepper of the Devise installation that [imported bcrypt hashes](operations.md#customers-of-an-earlier-system) come from; used for nothing else.',
    isSecret: true,
  }),
  hashConcurrency: setting({
    env: 'FOYER_HASH_CONCURRENCY',
    kind: wholeNumber(1, 1024),
    default: () => availableParallelism(),
    defaultDoc: 'the number of available CPUs',
    doc: 'Passwords checked at once; each takes one CPU, on a thread of its own that gives way to requests.',
  }),
  hashMaxWaitMs: setting({
    env: 'FOYER_HASH_MAX_WAIT_MS',
    kind: wholeNumber(1, 60_000),
    default: 2000,
    unit: 'milliseconds',
    doc: 'A sign-in that would wait longer than this for its turn is refused at once.',
  }),
  hashMaxQueued: setting({
    env: 'FOYER_HASH_QUEUE',
    kind: wholeNumber(0, 1_000_000),
    default: 1000,
    doc: 'Most sign-ins that wait for their turn.',
  }),
  ...backgroundSettings,
  logLevel: setting({
    env: 'FOYER_LOG_LEVEL',
    kind: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    default: 'info',
    doc: 'Least severe level that is logged.',
  }),
  logRequests: setting({
    env: 'FOYER_LOG_REQUESTS',
    kind: oneOf('failed', 'all', 'none'),
    default: 'failed',
    doc: 'Which requests get a line in the log; `failed` are those answered with 400 and above.',
  }),
  metrics: setting({
    env: 'FOYER_METRICS',
    kind: choice('on', 'off'),
    default: true,
    doc: 'Serves `/metrics`, to anyone who reaches the port: keep it inside.',
  }),
  spaazaApiVersion: setting({
    env: 'FOYER_SPAAZA_API_VERSION',
    kind: versionNumber,
    default: '1.6.3',
    doc: 'Version of the Spaaza API that is asked for. Errors are understood in the format from 1.4.0 on and in the one before.',
  }),
  spaazaTimeoutMs: setting({
    env: 'FOYER_SPAAZA_TIMEOUT_MS',
    kind: wholeNumber(100, 120_000),
    default: 10_000,
    unit: 'milliseconds',
    doc: 'Time after which a call to Spaaza is given up. No customer ever waits for one.',
  }),
  spaazaRatePerSecond: setting({
    env: 'FOYER_SPAAZA_RATE_PER_SECOND',
    kind: wholeNumber(1, 1000),
    default: 5,
    unit: 'calls per second',
    doc: 'Calls to Spaaza that one process begins, for each chain; after a rest a second worth of them may begin at once.',
  }),
  spaazaConcurrency: setting({
    env: 'FOYER_SPAAZA_CONCURRENCY',
    kind: wholeNumber(1, 100),
    default: 2,
    doc: 'Calls to Spaaza that one process has under way at once, for each chain.',
  }),
};

/** What can be set for each Spaaza chain, by its name in the Config. */
export const chainSettings = {
  credential: {
    prefix: 'FOYER_SPAAZA_SECRET_',
    kind: spaazaCredential,
    doc: 'Credential of the chain with this id. A chain without one has its link off.',
    isSecret: true,
  },
  apiUrl: {
    prefix: 'FOYER_SPAAZA_API_',
    kind: httpUrl,
    doc: 'Replaces the API address that the topology file gives for the chain: a staging system, a stand-in.',
  },
  webhookSecrets: {
    prefix: 'FOYER_SPAAZA_WEBHOOK_SECRET_',
    kind: secretList,
    doc: 'What Spaaza signs webhooks of the chain with; to change it, name the new one and the old one for a while. Without it there is no address for them.',
    isSecret: true,
  },
} satisfies Record<string, ChainSetting<unknown>>;

/** The settings with their keys, in order, for code that treats all alike. */
export function settingEntries(): [keyof typeof settings, Setting<unknown>][] {
  return Object.entries(settings) as [keyof typeof settings, Setting<unknown>][];
}

/** The chain settings with their keys, in order, for code that treats all alike. */
export function chainEntries(): [keyof typeof chainSettings, ChainSetting<unknown>][] {
  return Object.entries(chainSettings) as [keyof typeof chainSettings, ChainSetting<unknown>][];
}
