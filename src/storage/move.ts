import { createHash } from 'node:crypto';
import { AccountError } from '../accounts/errors.ts';
import { type Database, databaseName, isMissing, openDatabase } from './database.ts';
import { migrationsFor } from './migrations/index.ts';
import { advanceMove, beginMove, findMove, type MoveState } from './move-state.ts';
import * as settings from './settings.ts';
import { proveTable, type TableProof } from './table-checksum.ts';
import {
  clearTable,
  countRows,
  isEmpty,
  keyOf,
  type Row,
  readPage,
  rowWriter,
  type TableName,
  tableNames,
} from './table-rows.ts';

export interface MoveOptions {
  /** URL of a database that exists and has all migrations of this release. */
  from: string;
  /** URL of a database without data, or one that a move from `from` was begun into. */
  to: string;
  /** No server runs on the source: it need not be in maintenance. */
  isOffline: boolean;
  /** Throws away what an unfinished move has brought into the target. */
  isRestart: boolean;
  /** Waited for before the move goes on. */
  onProgress(progress: MoveProgress): void | Promise<void>;
}

export interface MoveProgress {
  step: 'copy' | 'verify';
  table: TableName;
  rows: number;
  total: number;
}

export interface MoveResult {
  tables: (TableProof & { table: TableName })[];
  /** True when an earlier call had begun the move. */
  isResumed: boolean;
  /** True when the target, like its source, refuses everybody until maintenance is switched off. */
  isMaintenance: boolean;
}

export type MoveRefusal =
  | 'same_database'
  | 'source_missing'
  | 'source_not_migrated'
  | 'source_newer'
  | 'source_unfinished'
  | 'source_open'
  | 'source_changed'
  | 'target_newer'
  | 'target_not_empty'
  | 'target_taken'
  | 'not_taken'
  | 'not_equal';

/** A move that must not begin or go on. `facts` name the migrations, the table or the source in question. */
export class MoveRefused extends Error {
  readonly code: MoveRefusal;
  readonly facts: readonly string[];

  constructor(code: MoveRefusal, facts: readonly string[] = []) {
    super(facts.length === 0 ? code : `${code}: ${facts.join(', ')}`);
    this.name = 'MoveRefused';
    this.code = code;
    this.facts = facts;
  }
}

/** Far above what counting a large table takes. */
const statementTimeoutMs = 600_000;
const pageSize = 1_000;
/** Servers hear of maintenance within two seconds, and then end what they have begun. */
const quietAfterMs = 3_000;

/**
 * Copies all rows of one database into another of either kind, a page per transaction, and proves that both hold the
 * same. Killed at any moment, it goes on where it was when it is called again. The target's schema is brought up to
 * date; servers do not start on it before the move is over. The source is only read. Throws MoveRefused.
 */
export async function moveDatabase(options: MoveOptions): Promise<MoveResult> {
  if (databaseName(options.from) === databaseName(options.to)) throw new MoveRefused('same_database');
  if (isMissing(options.from)) throw new MoveRefused('source_missing', [databaseName(options.from)]);
  const connection = { poolSize: 1, statementTimeoutMs };
  const source = openDatabase({ ...connection, url: options.from });
  try {
    await checkSource(source, options);
    const target = openDatabase({ ...connection, url: options.to });
    try {
      return await move(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function checkSource(source: Database, { isOffline }: MoveOptions): Promise<void> {
  const { pending, unknown } = await source.schemaState(migrationsFor);
  if (pending.length > 0) throw new MoveRefused('source_not_migrated', pending);
  if (unknown.length > 0) throw new MoveRefused('source_newer', unknown);
  const unfinished = await findMove(source.reader);
  if (unfinished !== undefined) throw new MoveRefused('source_unfinished', [unfinished.source]);
  if (isOffline) return;
  const since = await maintenanceSince(source);
  if (since === undefined) throw new MoveRefused('source_open');
  const waitMs = Date.parse(since) + quietAfterMs - Date.now();
  // A clock that is far ahead is not waited for: writes are noticed in any case.
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, quietAfterMs)));
}

async function move(source: Database, target: Database, options: MoveOptions): Promise<MoveResult> {
  const mark = await markOf(source);
  const { state, isResumed } = await prepareTarget(target, { source: databaseName(options.from), mark }, options);
  const copied = await copyTables(source, target, state, options);
  const tables: MoveResult['tables'] = [];
  for (const table of tableNames) tables.push({ table, ...(await verifyTable(source, target, table, options)) });
  // What was written to a table after it was compared shows here.
  if ((await markOf(source)) !== mark) throw new MoveRefused('source_changed');
  await target.alignIdentities(await source.highestIds());
  const isMaintenance = (await maintenanceSince(target)) !== undefined;
  await target.transaction(async (handle) => {
    if (!(await advanceMove(handle, copied, undefined))) throw new MoveRefused('target_taken');
  });
  return { tables, isResumed, isMaintenance };
}

async function maintenanceSince({ reader }: Database): Promise<string | undefined> {
  return (await settings.readAll(reader)).get('maintenance_since');
}

/**
 * A digest of what changes when a customer or the settings do: the latter hold the revision and since when maintenance is
 * on, and whatever happens to a customer leaves a row in the outbox.
 */
async function markOf(database: Database): Promise<string> {
  const all = [...(await settings.readAll(database.reader)), ...Object.entries(await database.highestIds())];
  return createHash('sha256')
    .update(JSON.stringify(all.map((pair) => JSON.stringify(pair)).sort()))
    .digest('hex');
}

async function prepareTarget(
  target: Database,
  begun: Pick<MoveState, 'source' | 'mark'>,
  { isRestart }: MoveOptions,
): Promise<{ state: MoveState; isResumed: boolean }> {
  const { unknown } = await target.schemaState(migrationsFor);
  if (unknown.length > 0) throw new MoveRefused('target_newer', unknown);
  await target.migrate(migrationsFor);
  let state = await findMove(target.reader);
  if (state !== undefined && isRestart) {
    await emptyTarget(target, state);
    state = undefined;
  }
  if (state !== undefined) {
    if (state.source !== begun.source) throw new MoveRefused('target_taken', [state.source]);
    if (state.mark !== begun.mark) throw new MoveRefused('source_changed');
    return { state, isResumed: true };
  }
  for (const table of tableNames) {
    // The settings of a fresh database are counters at their beginning.
    if (table !== 'settings' && !(await isEmpty(target.reader, table))) {
      throw new MoveRefused('target_not_empty', [table]);
    }
  }
  const fresh: MoveState = { ...begun, tables: {} };
  if (!(await target.transaction((handle) => beginMove(handle, fresh)))) throw new MoveRefused('target_taken');
  return { state: fresh, isResumed: false };
}

async function emptyTarget(target: Database, state: MoveState): Promise<void> {
  await target.transaction(async (handle) => {
    if (!(await advanceMove(handle, state, undefined))) throw new MoveRefused('target_taken');
    for (const table of tableNames.toReversed()) if (table !== 'settings') await clearTable(handle, table);
  });
}

/** Copies what is not there yet; gives the state with everything copied. */
async function copyTables(
  source: Database,
  target: Database,
  begun: MoveState,
  { onProgress }: MoveOptions,
): Promise<MoveState> {
  let state = begun;
  for (const table of tableNames) {
    const total = await countRows(source.reader, table);
    const write = rowWriter(table);
    for (;;) {
      const { after, rows } = state.tables[table] ?? { after: null, rows: 0 };
      await onProgress({ step: 'copy', table, rows, total });
      const page = await readPage(source.reader, table, after, pageSize);
      if (page.length === 0) break;
      const position = { after: keyOf(table, page.at(-1)!), rows: rows + page.length };
      const next = { ...state, tables: { ...state.tables, [table]: position } };
      try {
        await target.transaction(async (handle) => {
          if (!(await advanceMove(handle, state, next))) throw new MoveRefused('target_taken');
          // Those that the migrations wrote.
          if (table === 'settings' && after === null) await clearTable(handle, table);
          await write(handle, page);
        });
      } catch (error) {
        throw await reasonNotTaken(error, source, begun, table, page);
      }
      state = next;
    }
  }
  return state;
}

/** Why a page could not be written: the source is no longer what it was, or holds what the target cannot. */
async function reasonNotTaken(
  error: unknown,
  source: Database,
  { mark }: MoveState,
  table: TableName,
  page: readonly Row[],
): Promise<unknown> {
  const isUnavailable = error instanceof AccountError && error.code === 'storage_unavailable';
  if (error instanceof MoveRefused || isUnavailable || !(error instanceof Error)) return error;
  if ((await markOf(source)) !== mark) return new MoveRefused('source_changed');
  const cause = error.cause instanceof Error ? error.cause : error;
  const [first, last] = [page[0]!, page.at(-1)!].map((row) => JSON.stringify(keyOf(table, row)));
  return new MoveRefused('not_taken', [table, first!, last!, cause.message]);
}

async function verifyTable(
  source: Database,
  target: Database,
  table: TableName,
  { onProgress }: MoveOptions,
): Promise<TableProof> {
  const total = await countRows(source.reader, table);
  const [there, here] = await Promise.all([
    proveTable(source.reader, table),
    proveTable(target.reader, table, (rows) => onProgress({ step: 'verify', table, rows, total })),
  ]);
  if (there.rows !== here.rows || there.checksum !== here.checksum) {
    const facts = [table, `${there.rows} rows ${there.checksum}`, `${here.rows} rows ${here.checksum}`];
    throw new MoveRefused('not_equal', facts);
  }
  await onProgress({ step: 'verify', table, rows: here.rows, total });
  return here;
}
