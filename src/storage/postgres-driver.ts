import type { EventEmitter } from 'node:events';
import pg from 'pg';
import { type Column, rowFactory, type ToRow } from './row-factory.ts';

const { TEXT, INT8 } = pg.types.builtins;

/** Opens a pool of connections; `statementTimeoutMs` undefined means no limit. */
export function openPool(connectionString: string, max: number, statementTimeoutMs: number | undefined): pg.Pool {
  // Statements go out behind each other without waiting for answers; the declarations do not know the option yet.
  const pipelined = { pipeline: true } as pg.PoolConfig;
  const pool = new pg.Pool({
    ...pipelined,
    connectionString,
    max,
    connectionTimeoutMillis: 3_000,
    // On this side of the wire: as a start-up parameter or a SET it would be session state, which a pooler in
    // transaction mode refuses or mixes up.
    query_timeout: statementTimeoutMs,
    types: { getTypeParser: parserOf } as pg.CustomTypesConfig,
    application_name: 'foyer',
  });
  // A server that goes away breaks idle connections; the pool replaces them, and the next query reports its own error.
  pool.on('error', () => undefined);
  // The pool listens to idle connections only. One that breaks in use, between two statements, must not end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** How a value of a type is read. Identity columns are bigint; our ids stay far below 2^53, so plain numbers are exact. */
function parserOf(oid: number, format: 'text' | 'binary' = 'text'): (value: string) => unknown {
  return oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');
}

/** A value as it comes over the wire. */
type Text = string | null;

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

type Done = (error: Error | null | undefined, rows?: unknown[]) => void;

/** What the driver's connection sends and remembers; its declarations leave out the latter. */
interface Connection {
  readonly submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name: string }): void;
  bind(message: { statement: string; values: readonly unknown[]; valueMapper(value: unknown): unknown }): void;
  describe(message: { type: 'P' }): void;
  execute(message: null): void;
  sync(): void;
}

/** The driver's query, as far as it can be extended: where statements go out behind each other it takes no other kind. */
interface DriverQuery extends EventEmitter {
  readonly text: string;
  readonly values: readonly unknown[];
  name: string;
  /** Set by the client, which may replace it. */
  callback?: Done;
  hasBeenParsed(connection: Connection): boolean;
}
const DriverQuery = pg.Query as unknown as new (text: string, values: readonly unknown[]) => DriverQuery;

/** What the statements prepared on one connection give, by their names, as the server told; undefined for no rows. */
type Described = Map<string, ToRow<Text> | undefined>;

/** A pool or one of its connections, which take a query of this class as well. */
interface Connected {
  query(query: PreparedQuery, values: undefined, done: Done): void;
}

/** Runs statements that are prepared by their names on the connections of one pool. */
export class PreparedStatements {
  readonly #byName = new Map<string, { signature: string; toRow: ToRow<Text> }>();
  readonly #byConnection = new WeakMap<Connection, Described>();

  async run<Row>(to: Connected, name: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    try {
      return await new Promise<Row[]>((resolve, reject) => {
        const query = new PreparedQuery(this, name, sql, parameters);
        to.query(query, undefined, (error, rows) => (error ? reject(error) : resolve(rows as Row[])));
      });
    } catch (error) {
      // Where it was asked for tells more than where the driver read the answer.
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  describedOn(connection: Connection): Described {
    let described = this.#byConnection.get(connection);
    if (described === undefined) {
      described = new Map();
      this.#byConnection.set(connection, described);
    }
    return described;
  }

  /** Connections share what makes the rows of a statement, as long as they are told the same columns. */
  toRowOf(name: string, fields: readonly Field[]): ToRow<Text> {
    const signature = fields.map((field) => `${field.dataTypeID} ${field.name}`).join();
    const earlier = this.#byName.get(name);
    if (earlier?.signature === signature) return earlier.toRow;
    const toRow = rowFactory(fields.map(toColumn));
    this.#byName.set(name, { signature, toRow });
    return toRow;
  }
}

function toColumn({ name, dataTypeID }: Field): Column<Text> {
  return { name, parse: dataTypeID === TEXT ? undefined : (parserOf(dataTypeID) as Column<Text>['parse']) };
}

/**
 * A statement that is prepared by its name. The server describes what it gives when a connection runs it first, and not
 * each time: for one customer that is more to write and to read than the row.
 */
class PreparedQuery extends DriverQuery {
  readonly #statements: PreparedStatements;
  readonly #rows: unknown[] = [];
  #described: Described | undefined;
  #toRow: ToRow<Text> | undefined;

  constructor(statements: PreparedStatements, name: string, sql: string, parameters: readonly unknown[]) {
    super(sql, parameters);
    this.name = name;
    this.#statements = statements;
  }

  /** Called by the driver when it is this query's turn to be written. */
  prepare(connection: Connection): void {
    this.#described = this.#statements.describedOn(connection);
    if (!this.hasBeenParsed(connection)) {
      connection.parse(this);
      connection.submittedNamedStatements[this.name] = this.text;
    }
    connection.bind({ statement: this.name, values: this.values, valueMapper: toText });
    this.#toRow = this.#described.get(this.name);
    if (!this.#described.has(this.name)) connection.describe({ type: 'P' });
    connection.execute(null);
    connection.sync();
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.#toRow = this.#statements.toRowOf(this.name, fields);
  }

  handleDataRow({ fields }: { fields: readonly Text[] }): void {
    this.#rows.push(this.#toRow?.(fields));
  }

  handleCommandComplete(): void {
    this.#described?.set(this.name, this.#toRow);
  }

  handleReadyForQuery(): void {
    this.callback?.(null, this.#rows);
  }
}

function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
