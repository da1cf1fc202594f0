import type { CompiledQuery, Kysely } from 'kysely';
import { AccountError } from '../accounts/errors.ts';
import type { Handle, Sharing } from './handle.ts';
import { preparedMany } from './prepared.ts';
import type { Tables } from './tables.ts';

type Key = string | number;

/** Queries of one kind that are on their way at once; callers that come meanwhile go together with the next. */
const mostUnderWay = 2;
const mostKeys = 64;

/**
 * Reads rows by a key that an index knows. Callers that ask in the same turn of the event loop share a query
 * (`Handle.sharing`). On PostgreSQL half of what a token check costs is sending and answering, not looking; the first ten
 * leave while the rest of the turn is read, so that both sides work. On SQLite a query costs little; but all requests that
 * have arrived are then answered one after another, and while one answer wakes up its client the next are on their way,
 * which is half of what a request costs. `build` is given the keys and, after them, what is the same for all; `keyOf`
 * tells whose row it is.
 */
export function lookup<Fixed extends readonly (string | number)[], Row>(
  build: (db: Kysely<Tables>, keys: readonly Key[], ...fixed: Fixed) => { compile(): CompiledQuery<Row> },
  keyOf: (row: Row) => Key,
): (handle: Handle, key: Key, ...fixed: Fixed) => Promise<Row[]> {
  const query = preparedMany(build);
  const sharedBy = new WeakMap<Handle, Map<string, SharedReads<Row>>>();
  return (handle, key, ...fixed) => {
    const { sharing } = handle;
    if (sharing === undefined) return query(handle, [key], ...fixed);
    // No database holds it, and it must not spoil the query for the others.
    if (typeof key === 'string' && key.includes('\0')) return Promise.resolve([]);
    let byFixed = sharedBy.get(handle);
    if (byFixed === undefined) {
      byFixed = new Map();
      sharedBy.set(handle, byFixed);
    }
    const group = fixed.join('\n');
    let shared = byFixed.get(group);
    if (shared === undefined) {
      shared = new SharedReads((keys) => query(handle, keys, ...fixed), keyOf, sharing);
      byFixed.set(group, shared);
    }
    return shared.read(key);
  };
}

interface Caller<Row> {
  key: Key;
  resolve(rows: Row[]): void;
  reject(error: unknown): void;
}

/** Callers that wait for a query of one kind. */
class SharedReads<Row> {
  readonly #query: (keys: readonly Key[]) => Promise<Row[]>;
  readonly #keyOf: (row: Row) => Key;
  readonly #sharing: Sharing;
  #waiting: Caller<Row>[] = [];
  #underWay = 0;
  #isSending = false;

  constructor(query: (keys: readonly Key[]) => Promise<Row[]>, keyOf: (row: Row) => Key, sharing: Sharing) {
    this.#query = query;
    this.#keyOf = keyOf;
    this.#sharing = sharing;
  }

  /** The query begins after this call: whatever was acknowledged before is seen. */
  read(key: Key): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#underWay === 0 && this.#waiting.length >= this.#sharing.enough) {
        this.#send();
        return;
      }
      if (this.#isSending || this.#underWay >= mostUnderWay) return;
      this.#isSending = true;
      // After the requests that have arrived in this turn of the event loop.
      setImmediate(() => {
        this.#isSending = false;
        this.#send();
      });
    });
  }

  #send(): void {
    while (this.#waiting.length > 0 && this.#underWay < mostUnderWay) {
      void this.#ask(this.#waiting.splice(0, mostKeys));
    }
  }

  async #ask(callers: readonly Caller<Row>[]): Promise<void> {
    this.#underWay += 1;
    try {
      const rowsByKey = new Map<Key, Row[]>(callers.map(({ key }) => [key, []]));
      for (const row of await this.#query([...rowsByKey.keys()])) rowsByKey.get(this.#keyOf(row))?.push(row);
      for (const { key, resolve } of callers) resolve(rowsByKey.get(key) ?? []);
    } catch (error) {
      // A key that the database cannot take is the fault of one; when there is no database, all had better know at once.
      const isForAll = error instanceof AccountError && error.code === 'storage_unavailable';
      // Those who wait would each wait for as long as the database lets itself be waited for.
      if (isForAll) for (const { reject } of [...callers, ...this.#waiting.splice(0)]) reject(error);
      else if (callers.length === 1) for (const { reject } of callers) reject(error);
      else for (const caller of callers) void this.#ask([caller]);
    } finally {
      this.#underWay -= 1;
      this.#send();
    }
  }
}
