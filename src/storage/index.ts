import type { Store } from '../accounts/store.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { migrationsFor } from './migrations/index.ts';
import { findMove } from './move-state.ts';
import { bindReads, bindWrites } from './rooms.ts';
import * as settings from './settings.ts';

export { databaseName, isMissing } from './database.ts';

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
  /** Counters that all nodes on this database see; undefined for an embedded one, which has a single node. */
  readonly windows: Database['windows'];
}

/** Opens the store behind a URL: `sqlite:<path>` or `postgres://…`. No row is read or written yet. */
export function openStore(options: DatabaseOptions): OpenStore {
  const database = openDatabase(options);
  return {
    isEmbedded: database.isEmbedded,
    ...bindReads(database.reader),
    watched: bindReads(database.watcher),
    replica: bindReads(database.replica),
    transaction: (work) => database.transaction((handle) => work(bindWrites(handle))),
    ping: () => ping(database),
    migrate: () => database.migrate(migrationsFor),
    pendingMigrations: async () => (await database.schemaState(migrationsFor)).pending,
    unknownMigrations: async () => (await database.schemaState(migrationsFor)).unknown,
    isBeingMovedInto: async () => (await findMove(database.reader)) !== undefined,
    alignIdentities: () => database.alignIdentities(),
    windows: database.windows,
    close: () => database.close(),
  };
}

async function ping(database: Database): Promise<void> {
  await settings.readAll(database.reader);
}
