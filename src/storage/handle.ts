import type { Compilable, Kysely, SelectQueryBuilder } from 'kysely';
import { AccountError } from '../accounts/errors.ts';
import { translate } from './failures.ts';
import type { Statement } from './prepared.ts';
import type { Tables } from './tables.ts';

/**
 * A way to run queries: the database outside a transaction, or one transaction. `lockRows` adds what the database needs
 * so that selected rows stay as they are until the transaction ends.
 */
export interface Handle {
  /** Builds queries, which run only through `run`. Handles that share it share compiled queries. */
  readonly db: Kysely<Tables>;
  /** Runs a query that was compiled once; see `prepared` in prepared.ts. */
  run<Row>(statement: Statement<Row>): Promise<Row[]>;
  /**
   * Runs a statement that gives no rows and whose failure ends the transaction. Where a query is a journey it is only
   * sent on its way, and the commit fails if it failed.
   */
  write(statement: Statement): Promise<void>;
  /** Runs a query that reads much, without making others wait where that can be. Throws `overloaded` as well. */
  runAside<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** Outside of transactions callers of the same moment had better share a query; undefined within one. */
  readonly sharing: Sharing | undefined;
  lockRows<Query extends { forUpdate(): Query }>(query: Query): Query;
  /**
   * Makes of a query a statement that locks the row it finds and, without one, fails, so that the transaction begins
   * anew. Undefined in a transaction that has begun anew, and where a query is no journey: read what was read before.
   */
  readonly requireRow: ((query: RowToRequire) => Compilable) | undefined;
}

/** A query for a customer who must be there still. */
export type RowToRequire = SelectQueryBuilder<Tables, 'customers', { id: number }>;

/** How callers share a query; see `lookup.ts`. */
export interface Sharing {
  /** So many callers need not wait for others of the same turn of the event loop, while no query is on its way. */
  readonly enough: number;
}

type Execute = <Row>(statement: Statement<Row>) => Row[] | Promise<Row[]>;

/** Makes a handle of something that runs queries; what both databases refuse or cannot do looks the same from here. */
export function handleOn(
  db: Kysely<Tables>,
  execute: Execute,
  lockRows: Handle['lockRows'],
  send?: (statement: Statement) => void,
  requireRow?: Handle['requireRow'],
): Handle {
  const run = guarded(execute);
  const write = async (statement: Statement): Promise<void> => {
    if (send === undefined) await run(statement);
    else if (hasNul(statement)) throw nulRefused();
    else send(statement);
  };
  return { db, run, runAside: run, write, lockRows, requireRow, sharing: undefined };
}

// PostgreSQL text cannot hold NUL; both databases act alike: nobody is found by it, and nothing writes it.
const hasNul = ({ parameters }: Statement): boolean =>
  parameters.some((value) => typeof value === 'string' && value.includes('\0'));
const nulRefused = (): AccountError =>
  new AccountError('validation_failed', { problems: [{ field: 'text', rule: 'invalid' }] });

/** Makes a way to run queries one that fails as the domain expects it to, and never sees a NUL. */
export function guarded(execute: Execute): Handle['run'] {
  return async <Row>(query: Statement<Row>): Promise<Row[]> => {
    if (hasNul(query)) {
      if (query.query.kind === 'SelectQueryNode') return [];
      throw nulRefused();
    }
    try {
      return await execute(query);
    } catch (error) {
      throw translate(error);
    }
  };
}

/**
 * Ties a handle to its transaction: at the end of the work, queries it did not wait for are waited for, and later ones
 * are refused. Otherwise they would land in whatever transaction the connection serves next.
 */
export async function scoped<T>(handle: Handle, work: (handle: Handle) => Promise<T>): Promise<T> {
  const running = new Set<Promise<unknown>>();
  let isOver = false;
  const run = async <Row>(query: Statement<Row>): Promise<Row[]> => {
    if (isOver) throw new Error('The transaction is over');
    const rows = handle.run(query);
    running.add(rows);
    try {
      return await rows;
    } finally {
      running.delete(rows);
    }
  };
  const write = async (statement: Statement): Promise<void> => {
    if (isOver) throw new Error('The transaction is over');
    const written = handle.write(statement);
    running.add(written);
    try {
      await written;
    } finally {
      running.delete(written);
    }
  };
  try {
    return await work({ ...handle, run, runAside: run, write });
  } finally {
    isOver = true;
    await Promise.allSettled(running);
  }
}
