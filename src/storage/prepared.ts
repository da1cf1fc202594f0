import { hash } from 'node:crypto';
import {
  type Compilable,
  type CompiledQuery,
  type Expression,
  type Insertable,
  type Kysely,
  type RawBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import type { Handle } from './handle.ts';
import type { Tables } from './tables.ts';

/** A compiled query. One that runs often has a name, under which a connection may keep it prepared. */
export type Statement<Row = unknown> = CompiledQuery<Row> & { readonly name?: string };

/** Stands for the nth argument while a query is compiled. */
class Placeholder {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * Builds a query once and runs it many times with other arguments: the hot paths then pay for running it only. `build`
 * receives one stand-in per argument and must use each as a plain value.
 */
export function prepared<Args extends readonly unknown[], Row>(
  build: (db: Kysely<Tables>, ...args: Args) => { compile(): CompiledQuery<Row> },
): (handle: Handle, ...args: Args) => Promise<Row[]> {
  return preparedOn(build.length - 1, ({ db }, ...args: Args) => build(db, ...args));
}

/** The same for a statement that gives no rows; see `Handle.write`. */
export function preparedWrite<Args extends readonly unknown[]>(
  build: (db: Kysely<Tables>, ...args: Args) => { compile(): CompiledQuery<unknown> },
): (handle: Handle, ...args: Args) => Promise<void> {
  const statement = preparedStatement(build.length - 1, ({ db }, ...args: Args) => build(db, ...args));
  return (handle, ...args) => handle.write(statement(handle, ...args));
}

/** The same for rows that must stay as they are until the transaction ends; see `Handle.lockRows`. */
export function preparedLock<
  Args extends readonly unknown[],
  Row,
  Query extends { forUpdate(): Query; compile(): CompiledQuery<Row> },
>(
  build: (db: Kysely<Tables>, ...args: Args) => Query & { compile(): CompiledQuery<Row> },
): (handle: Handle, ...args: Args) => Promise<Row[]> {
  return preparedOn(build.length - 1, (handle, ...args: Args) => handle.lockRows<Query>(build(handle.db, ...args)));
}

/** The same for a row that must be there still, for transactions that have `Handle.trust`; to be postponed. */
export function preparedRequirement<Args extends readonly unknown[]>(
  build: (handle: Handle, ...args: Args) => Compilable,
): (handle: Handle, ...args: Args) => Statement {
  return preparedStatement(build.length - 1, build);
}

/**
 * The same for a list of keys of any length. The list is filled up to a power of two by repeating a key, so that few
 * forms are compiled and kept prepared.
 */
export function preparedMany<Key, Fixed extends readonly unknown[], Row>(
  build: (db: Kysely<Tables>, keys: readonly Key[], ...fixed: Fixed) => { compile(): CompiledQuery<Row> },
): (handle: Handle, keys: readonly Key[], ...fixed: Fixed) => Promise<Row[]> {
  const run = preparedForms((db, length: number, args) =>
    build(db, args.slice(0, length) as Key[], ...(args.slice(length) as unknown as Fixed)),
  );
  return (handle, keys, ...fixed) => {
    let length = 1;
    while (length < keys.length) length *= 2;
    const filled = Array.from({ length }, (_, index) => keys[index] ?? keys[0]);
    return run(handle, length, [...filled, ...fixed]);
  };
}

/** The same for a change of whichever columns, each set of which has a compiled form; to be run or written. */
export function preparedSet<Columns extends object, Fixed extends readonly unknown[]>(
  build: (handle: Handle, set: Columns, ...fixed: Fixed) => Compilable,
): (handle: Handle, set: Columns, ...fixed: Fixed) => Statement {
  const statement = formStatement((handle, form: string, args) => {
    const columns = form.split(',');
    const set = Object.fromEntries(columns.map((column, index) => [column, args[index]]));
    return build(handle, set as Columns, ...(args.slice(columns.length) as unknown as Fixed));
  });
  return (handle, set, ...fixed) => statement(handle, Object.keys(set).join(), [...Object.values(set), ...fixed]);
}

/** Most forms of one query that are kept compiled: how many there are may be up to whoever asks. */
const mostForms = 100;

/** The same for a query that has several forms, told apart by a key; of too many, the rest is compiled every time. */
export function preparedForms<Form extends string | number, Row>(
  build: (db: Kysely<Tables>, form: Form, args: readonly unknown[]) => { compile(): CompiledQuery<Row> },
): (handle: Handle, form: Form, args: readonly unknown[]) => Promise<Row[]> {
  const statement = formStatement(({ db }, form: Form, args) => build(db, form, args));
  return (handle, form, args) => handle.run(statement(handle, form, args));
}

/**
 * A value that PostgreSQL plans without. It plans a statement anew for each run as long as a look at the values makes it
 * cheaper by its estimate, which offsets and ranges do for ever, and the planning takes longer than the run. Not for what
 * may be half a table: there the look is worth it.
 */
export function unplanned<T extends string | number>(value: T, type: 'text' | 'bigint'): RawBuilder<T> {
  return sql<T>`(select cast(${value} as ${sql.raw(type)}))`;
}

/**
 * A condition on rows that are found by their key, in a form for which no index is chosen: SQLite would go through all
 * for which it holds, instead of looking at the few.
 */
export function notByIndex(condition: Expression<SqlBool>): RawBuilder<boolean> {
  return sql<boolean>`(case when ${condition} then 1 else 0 end) = 1`;
}

function formStatement<Form extends string | number, Row>(
  build: (handle: Handle, form: Form, args: readonly unknown[]) => { compile(): CompiledQuery<Row> },
): (handle: Handle, form: Form, args: readonly unknown[]) => Statement<Row> {
  const byForm = new Map<Form, (handle: Handle, ...args: unknown[]) => Statement<Row>>();
  return (handle, form, args) => {
    let statement = byForm.get(form);
    if (statement === undefined) {
      if (byForm.size >= mostForms) return build(handle, form, args).compile();
      statement = preparedStatement(args.length, (on, ...standIns: unknown[]) => build(on, form, standIns));
      byForm.set(form, statement);
    }
    return statement(handle, ...args);
  };
}

function preparedOn<Args extends readonly unknown[], Row>(
  argumentCount: number,
  build: (handle: Handle, ...args: Args) => { compile(): CompiledQuery<Row> },
): (handle: Handle, ...args: Args) => Promise<Row[]> {
  const statement = preparedStatement(argumentCount, build);
  return (handle, ...args) => handle.run(statement(handle, ...args));
}

function preparedStatement<Args extends readonly unknown[], Row>(
  argumentCount: number,
  build: (handle: Handle, ...args: Args) => { compile(): CompiledQuery<Row> },
): (handle: Handle, ...args: Args) => Statement<Row> {
  // Both dialects may be open in one process (tests, moves between databases): one compiled form each.
  const compiledBy = new Map<object, { query: Statement<Row>; order: readonly (number | undefined)[] }>();
  return (handle, ...args) => {
    let compiled = compiledBy.get(handle.db);
    if (compiled === undefined) {
      const standIns = Array.from({ length: argumentCount }, (_, index) => new Placeholder(index));
      const query = build(handle, ...(standIns as unknown as Args)).compile();
      compiled = {
        query: named(query),
        order: query.parameters.map((parameter) => (parameter instanceof Placeholder ? parameter.index : undefined)),
      };
      compiledBy.set(handle.db, compiled);
    }
    const { query, order } = compiled;
    const parameters = order.map((index, position) => (index === undefined ? query.parameters[position] : args[index]));
    return { ...query, parameters };
  };
}

/**
 * Inserts rows with one statement. Without rows it does nothing. Up to `mostPreparedRows` have a compiled form for each
 * number of them; more are compiled every time.
 */
export function preparedInsert<Table extends keyof Tables, Column extends keyof Insertable<Tables[Table]> & string>(
  table: Table,
  columns: readonly Column[],
  mostPreparedRows = 16,
): (handle: Handle, rows: readonly Pick<Insertable<Tables[Table]>, Column>[]) => Promise<void> {
  type Row = Pick<Insertable<Tables[Table]>, Column>;
  const compile = (handle: Handle, rows: readonly Row[]): CompiledQuery =>
    handle.db
      .insertInto(table)
      .columns(columns as never)
      .values(rows as never)
      .compile();
  const compiledBy = new Map<object, Statement[]>();
  return async (handle, rows) => {
    if (rows.length === 0) return;
    if (rows.length > mostPreparedRows) {
      await handle.write(compile(handle, rows));
      return;
    }
    let bySize = compiledBy.get(handle.db);
    if (bySize === undefined) {
      bySize = [];
      compiledBy.set(handle.db, bySize);
    }
    let statement = bySize[rows.length];
    if (statement === undefined) {
      // Null would be written into the statement instead of being a parameter of it.
      const standIn = Object.fromEntries(columns.map((column) => [column, '']));
      statement = named(compile(handle, Array.from(rows, () => standIn) as unknown as Row[]));
      bySize[rows.length] = statement;
    }
    const parameters: unknown[] = [];
    for (const row of rows) for (const column of columns) parameters.push(row[column]);
    await handle.write({ ...statement, parameters });
  };
}

/** The same text has the same name everywhere, so that whoever finds it prepared finds the right thing. */
function named<Row>(query: CompiledQuery<Row>): Statement<Row> {
  return { ...query, name: hash('sha256', query.sql, 'hex').slice(0, 20) };
}
