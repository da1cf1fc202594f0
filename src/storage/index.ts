import type { Reads, Store, WritableStore, Writes } from '../accounts/store.ts';
import * as addresses from './addresses.ts';
import * as apiKeys from './api-keys.ts';
import * as consents from './consents.ts';
import * as customers from './customers.ts';
import { type Database, type DatabaseOptions, type Handle, openDatabase } from './database.ts';
import * as failedAttempts from './failed-attempts.ts';
import * as history from './history.ts';
import * as chainStates from './loyalty-chain-state.ts';
import * as inbox from './loyalty-inbox.ts';
import * as links from './loyalty-links.ts';
import * as queue from './loyalty-queue.ts';
import * as tombstones from './loyalty-tombstones.ts';
import * as memberships from './memberships.ts';
import { migrationsFor } from './migrations/index.ts';
import { findMove } from './move-state.ts';
import * as outbox from './outbox.ts';
import * as sessions from './sessions.ts';
import * as settings from './settings.ts';
import * as topology from './topology.ts';

export interface OpenStore extends Store {
  /** True for a database inside this process's machine: the server then brings the schema up to date by itself. */
  readonly isEmbedded: boolean;
  /** Brings the schema up to date, one process at a time; gives the names of the migrations that ran here. */
  migrate(): Promise<string[]>;
  /** Names of migrations that have not run there yet. Throws SchemaTooNewError. */
  pendingMigrations(): Promise<string[]>;
  /** Names of migrations that a later release ran, and that this one can live with. Throws SchemaTooNewError. */
  unknownMigrations(): Promise<string[]>;
  /** True while a move into this database has not ended, and only a part of the data is there. */
  isBeingMovedInto(): Promise<boolean>;
  /** After rows were written with explicit ids: makes the next generated id follow the highest one. */
  alignIdentities(): Promise<void>;
}

/** Opens the store behind a URL: `sqlite:<path>` or `postgres://…`. Nothing is read or written yet. */
export function openStore(options: DatabaseOptions): OpenStore {
  const database = openDatabase(options);
  return {
    isEmbedded: database.isEmbedded,
    ...bindReads(database.reader),
    replica: bindReads(database.replica),
    transaction: (work) => database.transaction((handle) => work(bindWrites(handle))),
    ping: () => ping(database),
    migrate: () => database.migrate(migrationsFor),
    pendingMigrations: async () => (await database.schemaState(migrationsFor)).pending,
    unknownMigrations: async () => (await database.schemaState(migrationsFor)).unknown,
    isBeingMovedInto: async () => (await findMove(database.reader)) !== undefined,
    alignIdentities: () => database.alignIdentities(),
    close: () => database.close(),
  };
}

async function ping(database: Database): Promise<void> {
  await settings.readAll(database.reader);
}

/** Gives every function of a table the handle as its first argument. */
function bind<Functions extends Record<string, (handle: Handle, ...args: never[]) => unknown>>(
  handle: Handle,
  functions: Functions,
): { [Name in keyof Functions]: Bound<Functions[Name]> } {
  const bound: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(functions)) {
    bound[name] = (...args: never[]) => call(handle, ...args);
  }
  return bound as { [Name in keyof Functions]: Bound<Functions[Name]> };
}
type Bound<Call> = Call extends (handle: Handle, ...args: infer Args) => infer Result
  ? (...args: Args) => Result
  : never;

const customerReads = {
  findById: customers.findById,
  findByEmail: customers.findByEmail,
  findByForeignId: customers.findByForeignId,
  findForSignIn: customers.findForSignIn,
  findPasswordHash: customers.findPasswordHash,
  search: customers.search,
  findLoyaltyProfile: links.findProfile,
  findLoyaltyProfileByEmail: links.findProfileByEmail,
  countAll: customers.countAll,
};
const sessionReads = { findByClientId: sessions.findByClientId, isKnownNetwork: sessions.isKnownNetwork };
const linkReads = {
  findCustomerIdByUserId: links.findCustomerIdByUserId,
  findCustomerIdByMemberNumber: links.findCustomerIdByMemberNumber,
  listByCustomer: links.listByCustomer,
  listTies: links.listTies,
  findSnapshot: links.findSnapshot,
  findSyncedAt: links.findSyncedAt,
};
const historyReads = {
  listByCustomer: history.listByCustomer,
  listChanges: history.listChanges,
  listField: history.listField,
  listLastByField: history.listLastByField,
  hadEmail: history.hadEmail,
  listAges: history.listAges,
};
const queueReads = {
  find: queue.find,
  hasDue: queue.hasDue,
  count: queue.count,
  findOldest: queue.findOldest,
};
const tombstoneReads = {
  find: tombstones.find,
  findByUserId: tombstones.findByUserId,
  findByEmail: tombstones.findByEmail,
};

function bindReads(handle: Handle): Reads {
  return {
    customers: bind(handle, customerReads),
    sessions: bind(handle, sessionReads),
    links: bind(handle, linkReads),
    attempts: bind(handle, { find: failedAttempts.find }),
    keys: bind(handle, { list: apiKeys.list }),
    topology: bind(handle, { read: topology.read }),
    settings: bind(handle, { readAll: settings.readAll }),
    history: bind(handle, historyReads),
    consents: bind(handle, { listByCustomer: consents.listByCustomer }),
    outbox: bind(handle, { list: outbox.list, isEmpty: outbox.isEmpty }),
    queue: bind(handle, queueReads),
    inbox: bind(handle, { find: inbox.find, hasDue: inbox.hasDue, count: inbox.count }),
    tombstones: bind(handle, tombstoneReads),
    chainStates: bind(handle, { find: chainStates.find }),
  };
}

function bindWrites(handle: Handle): WritableStore {
  const reads = bindReads(handle);
  const writes: Writes = {
    customers: bind(handle, {
      lock: customers.lock,
      insert: customers.insert,
      update: customers.update,
      setPasswordHash: customers.setPasswordHash,
      delete: customers.deleteById,
    }),
    addresses: bind(handle, { insert: addresses.insert, update: addresses.update }),
    memberships: bind(handle, { add: memberships.add, remove: memberships.remove }),
    sessions: bind(handle, {
      insert: sessions.insert,
      rotate: sessions.rotate,
      extend: sessions.extend,
      delete: sessions.deleteById,
      deleteByCustomer: sessions.deleteByCustomer,
      prune: sessions.prune,
      deleteExpired: sessions.deleteExpired,
    }),
    links: bind(handle, {
      save: links.save,
      agree: links.agree,
      touch: links.touch,
      forgetAgreement: links.forgetAgreement,
    }),
    attempts: bind(handle, {
      find: failedAttempts.findAndLock,
      save: failedAttempts.save,
      delete: failedAttempts.deleteKeys,
      deleteOlderThan: failedAttempts.deleteOlderThan,
    }),
    keys: bind(handle, { insert: apiKeys.insert, revoke: apiKeys.revoke, touch: apiKeys.touch }),
    topology: bind(handle, {
      savePool: topology.savePool,
      saveWebsite: topology.saveWebsite,
      saveShop: topology.saveShop,
      saveChain: topology.saveChain,
      saveNewsletterGroup: topology.saveNewsletterGroup,
    }),
    settings: bind(handle, { write: settings.write, next: settings.next }),
    history: bind(handle, {
      append: history.append,
      deleteByCustomer: history.deleteByCustomer,
      deleteSignIns: history.deleteSignIns,
    }),
    consents: bind(handle, { append: consents.append, deleteByCustomer: consents.deleteByCustomer }),
    outbox: bind(handle, { append: outbox.append, take: outbox.take }),
    queue: bind(handle, {
      enqueue: queue.enqueue,
      claim: queue.claim,
      renew: queue.renew,
      holds: queue.holds,
      remove: queue.remove,
      release: queue.release,
      reopen: queue.reopen,
      postpone: queue.postpone,
      bury: queue.bury,
      saveErasure: queue.saveErasure,
      deleteDead: queue.deleteDead,
    }),
    inbox: bind(handle, {
      insert: inbox.insert,
      claim: inbox.claim,
      settle: inbox.settle,
      deleteOlder: inbox.deleteOlder,
    }),
    tombstones: bind(handle, { insert: tombstones.insert, deleteOlder: tombstones.deleteOlder }),
    chainStates: bind(handle, { save: chainStates.save, pause: chainStates.pause }),
  };
  const merged: Record<string, object> = {};
  for (const room of new Set([...Object.keys(reads), ...Object.keys(writes)])) {
    merged[room] = { ...reads[room as keyof Reads], ...writes[room as keyof Writes] };
  }
  return merged as WritableStore;
}
