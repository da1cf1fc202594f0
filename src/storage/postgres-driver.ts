import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { type Column, rowFactory, type ToRow } from './row-factory.ts';

const { TEXT, INT8 } = pg.types.builtins;

type Connect = (callback: (error: Error | null | undefined) => void) => void;

/** A connection that could not be made ends at once: the driver leaves it to the server, which may wait for a minute. */
class Client extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    const connect = this.connect.bind(this) as unknown as Connect;
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
    const connectOrEnd: Connect = (callback) =>
      connect((error) => {
        if (error) stream.destroy();
        callback(error);
      });
    // The pool gives a callback.
    this.connect = connectOrEnd as unknown as typeof this.connect;
  }
}

/** Opens a pool of connections; `statementTimeoutMs` undefined means no limit. */
export function openPool(connectionString: string, max: number, statementTimeoutMs: number | undefined): pg.Pool {
  // Statements go out behind each other without waiting for answers; the declarations do not know the option yet.
  const pipelined = { pipeline: true } as pg.PoolConfig;
  const pool = new pg.Pool({
    ...pipelined,
    Client: Client as unknown as pg.PoolConfig['Client'],
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

/** A statement on its way: prepared under its name once per connection, or each time where it has none. */
export interface Sending {
  readonly name: string | undefined;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

type Done = (error: Error | null | undefined) => void;

/** What the driver's connection sends and remembers; its declarations leave out the latter. */
interface Connection {
  readonly parsedStatements: Record<string, string>;
  readonly submittedNamedStatements: Record<string, string>;
  parse(message: { text: string; name: string | undefined }): void;
  bind(message: {
    statement: string | undefined;
    values: readonly unknown[];
    valueMapper(value: unknown): unknown;
  }): void;
  describe(message: { type: 'P' }): void;
  execute(message: null): void;
  sync(): void;
}

/** The driver's query, as far as it can be extended: where statements go out behind each other it takes no other kind. */
interface DriverQuery extends EventEmitter {
  /** With `text`, what the client notes as prepared when the server says that something was. */
  name: string | undefined;
  text: string;
  /** Set by the client, which may replace it. */
  callback?: Done;
}
const DriverQuery = pg.Query as unknown as new (text: string, values: readonly unknown[]) => DriverQuery;

/** A pool or one of its connections, which take a query of this class as well. */
interface Connected {
  query(batch: Batch, values: undefined, done: Done): void;
}

/** What the statements prepared on one connection give, by their names, as the server told; undefined for no rows. */
type Described = Map<string, ToRow<Text> | undefined>;

/** Most statements whose rows' makers are kept. */
const mostShapes = 500;

/** Runs statements on the connections of one pool. */
export class Statements {
  readonly #shapes = new Map<string, { signature: string; toRow: ToRow<Text> }>();
  readonly #byConnection = new WeakMap<Connection, Described>();

  /** Runs one on any connection. */
  read<Row>(pool: pg.Pool, sending: Sending): Promise<Row[]> {
    return traced((resolve, reject) => {
      const batch = new Batch(this, [sending]);
      const done: Done = (error) => (error ? reject(error) : resolve(batch.found[0] as Row[]));
      (pool as unknown as Connected).query(batch, undefined, done);
    });
  }

  /**
   * Gives a way to run statements on one connection, in a transaction: those of one turn of the event loop leave in one
   * piece and are answered in one. Each piece wakes up a process on the other side, which costs more than most statements
   * do. After one that fails the server skips the rest of its piece. `leave` sends at once what waits for the end of the turn.
   */
  together(client: pg.PoolClient): { run<Row>(sending: Sending): Promise<Row[]>; leave(): void } {
    let waiting: { sending: Sending; resolve(rows: unknown[]): void; reject(error: Error): void }[] = [];
    const leave = (): void => {
      if (waiting.length === 0) return;
      const callers = waiting;
      waiting = [];
      const batch = new Batch(
        this,
        callers.map(({ sending }) => sending),
      );
      (client as unknown as Connected).query(batch, undefined, (error) => {
        for (const [index, { resolve, reject }] of callers.entries()) {
          if (index < batch.completed) resolve(batch.found[index]!);
          else reject(index === batch.completed && error ? error : new Skipped());
        }
      });
    };
    const run = <Row>(sending: Sending) =>
      traced<Row[]>((resolve, reject) => {
        // After the promises that follow from what has just arrived.
        if (waiting.length === 0) process.nextTick(leave);
        waiting.push({ sending, resolve: resolve as (rows: unknown[]) => void, reject });
      });
    return { run, leave };
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
  toRowOf(sql: string, fields: readonly Field[]): ToRow<Text> {
    const signature = fields.map((field) => `${field.dataTypeID} ${field.name}`).join();
    const earlier = this.#shapes.get(sql);
    if (earlier?.signature === signature) return earlier.toRow;
    // Statements with lists of varying length are many; starting over keeps this bounded.
    if (this.#shapes.size >= mostShapes) this.#shapes.clear();
    const toRow = rowFactory(fields.map(toColumn));
    this.#shapes.set(sql, { signature, toRow });
    return toRow;
  }
}

/** What the server would have said of a statement behind one that failed, had it come in a piece of its own. */
class Skipped extends Error {
  readonly code = '25P02';

  constructor() {
    super('current transaction is aborted, commands ignored until end of transaction block');
  }
}

/** Errors tell where a statement was asked for, and not where the driver read the answer. */
async function traced<T>(work: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
  try {
    return await new Promise(work);
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

function toColumn({ name, dataTypeID }: Field): Column<Text> {
  return { name, parse: dataTypeID === TEXT ? undefined : (parserOf(dataTypeID) as Column<Text>['parse']) };
}

/**
 * Statements behind each other with one point of synchronisation, as one query of the driver. The server describes what a
 * prepared one gives when a connection runs it first, and not each time: for one customer that is more to write and to
 * read than the row.
 */
class Batch extends DriverQuery {
  /** The rows of each statement. */
  readonly found: unknown[][];
  /** How many have been answered to the end. */
  completed = 0;
  readonly #statements: Statements;
  readonly #sendings: readonly Sending[];
  /** What makes the rows of each, undefined until it is described. */
  readonly #toRows: (ToRow<Text> | undefined)[] = [];
  #described: Described | undefined;

  constructor(statements: Statements, sendings: readonly Sending[]) {
    super('', []);
    this.#statements = statements;
    this.#sendings = sendings;
    this.found = sendings.map(() => []);
    this.#nameCurrent();
  }

  requiresPreparation(): boolean {
    return true;
  }

  /** Called by the driver when it is this query's turn to be written. */
  prepare(connection: Connection): void {
    const described = this.#statements.describedOn(connection);
    this.#described = described;
    for (const { name, sql, parameters } of this.#sendings) {
      if (name === undefined || !isPrepared(connection, name)) {
        connection.parse({ text: sql, name });
        if (name !== undefined) connection.submittedNamedStatements[name] = sql;
      }
      connection.bind({ statement: name, values: parameters, valueMapper: toText });
      this.#toRows.push(name === undefined ? undefined : described.get(name));
      if (name === undefined || !described.has(name)) connection.describe({ type: 'P' });
      connection.execute(null);
    }
    connection.sync();
  }

  handleRowDescription({ fields }: { fields: readonly Field[] }): void {
    this.#toRows[this.completed] = this.#statements.toRowOf(this.#sendings[this.completed]!.sql, fields);
  }

  handleDataRow({ fields }: { fields: readonly Text[] }): void {
    this.found[this.completed]!.push(this.#toRows[this.completed]?.(fields));
  }

  handleCommandComplete(): void {
    if (this.name !== undefined) this.#described?.set(this.name, this.#toRows[this.completed]);
    this.completed += 1;
    this.#nameCurrent();
  }

  handleError(error: Error, connection: Connection): void {
    // Those behind the one that failed were skipped, and not prepared.
    for (const { name } of this.#sendings.slice(this.completed)) {
      if (name !== undefined) delete connection.submittedNamedStatements[name];
    }
    this.callback?.(error);
  }

  handleReadyForQuery(): void {
    this.callback?.(null);
  }

  #nameCurrent(): void {
    const current = this.#sendings[this.completed];
    this.name = current?.name;
    this.text = current?.sql ?? '';
  }
}

function isPrepared({ parsedStatements, submittedNamedStatements }: Connection, name: string): boolean {
  return parsedStatements[name] !== undefined || submittedNamedStatements[name] !== undefined;
}

function toText(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
