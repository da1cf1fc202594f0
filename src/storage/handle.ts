import type { Compilable, Kysely, SelectQueryBuilder, UpdateQueryBuilder } from 'kysely';
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
  /** Runs a compiled query; what runs often is compiled once, see `prepared` in prepared.ts. */
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
  /** Undefined in a transaction that has begun anew, and where a query is no journey: read what was read before. */
  readonly trust: Trust | undefined;
}

/** Statements that fail unless the row is there, so that the transaction begins anew; see `Trust`. */
export interface Requirements {
  /** Locks the row that a query finds. */
  row(query: SelectQueryBuilder<Tables, 'customers', { id: number }>): Compilable;
  /** Looks for a row without locking it. */
  read(query: SelectQueryBuilder<Tables, 'sessions', { id: number }>): Compilable;
  /** Makes a change of one row. */
  change(query: UpdateQueryBuilder<Tables, 'customers', 'customers', { id: number }>): Compilable;
}

/** How a transaction counts on a row being as it was read before. */
export interface Trust {
  readonly requiring: Requirements;
  /** Locks a row by a statement that requires it, before whatever is sent next, or at the end. */
  postpone(statement: Statement, id: number): void;
  /** True when that row is not locked yet, and the caller does it with the next statement. */
  takeOver(id: number): boolean;
  /** Sends what is postponed. */
  settle(): void;
}

/** How callers share a query; see `lookup.ts`. */
export interface Sharing {
  /** So many callers need not wait for others of the same turn of the event loop, while no query is on its way. */
  readonly enough: number;
}

type Execute = <Row>(statement: Statement<Row>) => Row[] | Promise<Row[]>;

/** Makes a handle of something that runs queries; what both databases refuse or cannot do looks the same from here. */
export function handleOn(db: Kysely<Tables>, execute: Execute, lockRows: Handle['lockRows']): Handle {
  const run = guarded(execute);
  const write = async (statement: Statement): Promise<void> => {
    await run(statement);
  };
  return { db, run, runAside: run, write, lockRows, trust: undefined, sharing: undefined };
}

/** The same where a query is a journey: `send` puts a statement on its way. `requiring` is undefined where nothing is trusted. */
export function distantHandleOn(
  db: Kysely<Tables>,
  execute: Execute,
  lockRows: Handle['lockRows'],
  send: (statement: Statement) => void,
  requiring: Requirements | undefined,
): Handle {
  let postponed: { statement: Statement; id: number } | undefined;
  const settle = (): void => {
    if (postponed !== undefined) send(postponed.statement);
    postponed = undefined;
  };
  const plain = handleOn(db, execute, lockRows);
  const run = <Row>(statement: Statement<Row>): Promise<Row[]> => {
    settle();
    return plain.run(statement);
  };
  const write = async (statement: Statement): Promise<void> => {
    if (hasNul(statement)) throw nulRefused();
    settle();
    send(statement);
  };
  const trust = requiring && {
    requiring,
    settle,
    postpone: (statement: Statement, id: number): void => {
      settle();
      postponed = { statement, id };
    },
    takeOver: (id: number): boolean => {
      const isAwaited = postponed?.id === id;
      if (isAwaited) postponed = undefined;
      return isAwaited;
    },
  };
  return { ...plain, run, runAside: run, write, trust };
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
    const value = await work({ ...handle, run, runAside: run, write });
    handle.trust?.settle();
    return value;
  } finally {
    isOver = true;
    await Promise.allSettled(running);
  }
}
