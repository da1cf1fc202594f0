import { DebtorNumbers } from './accounts/debtor-numbers.ts';
import type { AccountDeps } from './accounts/deps.ts';
import { Directory, type FixedKey } from './accounts/directory.ts';
import { type Accounts, createAccounts } from './accounts/index.ts';
import type { Config } from './config.ts';
import { HashQueue } from './hashing/hash-queue.ts';
import { HashThreads } from './hashing/hash-threads.ts';
import { createPasswordHashing } from './hashing/password-hashing.ts';
import { createPasswordPrimitives } from './hashing/password-primitives.ts';
import { databaseName, isMissing, type OpenStore, openStore } from './storage/index.ts';

export interface ComposeOptions {
  config: Config;
  /** Database to use whatever the configuration says: the demo's temporary file. */
  databaseUrl?: string;
  fixedKeys?: readonly FixedKey[];
  /** Requests are served: what every node looks at must not wait behind them. */
  isServer?: boolean;
}

/** One transaction that has ended. */
export interface EndedTransaction {
  seconds: number;
  outcome: 'committed' | 'refused' | 'unavailable';
  /** True when it committed an event. */
  hasEvent: boolean;
}

/** The domain without a server: store, hashing and verbs, bound together. */
export interface ComposedAccounts {
  accounts: Accounts;
  deps: AccountDeps;
  store: OpenStore;
  /** Of an embedded database that was not there: it is empty, whatever else was expected. */
  madeFile: string | undefined;
  queue: HashQueue;
  /** Sets what is told of each transaction once it has ended. */
  onTransaction(listener: (ended: EndedTransaction) => void): void;
}

/** What a server and every command stand on; knows nothing of HTTP, so that commands start without it. */
export function composeAccounts(options: ComposeOptions): ComposedAccounts {
  const { config } = options;
  const url = options.databaseUrl ?? config.databaseUrl;
  if (url === undefined) throw new Error('No database is configured');
  // The demo's is new each time.
  const madeFile = options.databaseUrl === undefined && isMissing(url) ? databaseName(url) : undefined;
  const opened = openStore({
    url,
    readUrl: config.databaseReadUrl,
    poolSize: config.poolSize,
    statementTimeoutMs: config.statementTimeoutMs,
    hasWatcher: options.isServer,
  });
  const queue = new HashQueue({
    concurrency: config.hashConcurrency,
    maxWaitMs: config.hashMaxWaitMs,
    maxQueued: config.hashMaxQueued,
  });
  const directory: Directory = new Directory(opened, options.fixedKeys);
  let tell: ((ended: EndedTransaction) => void) | undefined;
  const store = observed(opened, (ended) => tell?.(ended));
  const deps: AccountDeps = {
    store,
    directory,
    debtorNumbers: new DebtorNumbers(store),
    passwords: createPasswordHashing({
      queue,
      primitives: createPasswordPrimitives(new HashThreads()),
      pepper: config.pepper,
    }),
    rules: {
      sessions: {
        mode: config.tokenMode,
        lifespanSeconds: config.tokenLifespanDays * 86_400,
        maxDevices: config.maxDevices,
        previousTokenSeconds: config.previousTokenSeconds,
      },
      lock: { maxFailures: config.lockFailures, lockSeconds: config.lockSeconds },
      needsCurrentPassword: config.requireCurrentPassword,
      kept: {
        deadLetterDays: config.deadLetterDays,
        inboxDays: config.inboxDays,
        tombstoneDays: config.tombstoneDays,
        signInHistoryDays: config.signInHistoryDays,
      },
    },
    loyalty: {
      isOn: (chainId) => config.spaaza[chainId]?.credential !== undefined,
      pullIntervalSeconds: config.spaazaPullIntervalSeconds,
    },
    now: createClock(),
  };
  return {
    accounts: createAccounts(deps),
    deps,
    store,
    madeFile,
    queue,
    onTransaction: (listener) => {
      tell = listener;
    },
  };
}

/** The time as text, written once a millisecond: under load many requests share one. */
function createClock(): () => string {
  let lastMs = 0;
  let text = '';
  return () => {
    const ms = Date.now();
    if (ms !== lastMs) {
      lastMs = ms;
      text = new Date(ms).toISOString();
    }
    return text;
  };
}

/** Tells of every transaction; the rest of the store is handed on as it is. */
function observed(store: OpenStore, tell: (ended: EndedTransaction) => void): OpenStore {
  const transaction: OpenStore['transaction'] = async (work) => {
    const start = performance.now();
    let outcome: EndedTransaction['outcome'] = 'committed';
    let wroteEvent = false;
    try {
      return await store.transaction((tx) => {
        const append = tx.outbox.append.bind(tx.outbox);
        // The rooms of a transaction are its own.
        tx.outbox.append = (entry) => {
          wroteEvent = true;
          return append(entry);
        };
        return work(tx);
      });
    } catch (error) {
      outcome = (error as { code?: unknown }).code === 'storage_unavailable' ? 'unavailable' : 'refused';
      throw error;
    } finally {
      const seconds = (performance.now() - start) / 1000;
      tell({ seconds, outcome, hasEvent: outcome === 'committed' && wroteEvent });
    }
  };
  return { ...store, transaction };
}
