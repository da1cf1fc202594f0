import {
  CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  PostgresIntrospector,
  PostgresQueryCompiler,
  sql,
} from 'kysely';
import type pg from 'pg';
import { AccountError } from '../accounts/errors.ts';
import type { Requirements } from './handle.ts';
import type { Sending, Statements } from './postgres-driver.ts';
import type { Statement } from './prepared.ts';
import type { Tables } from './tables.ts';

/** Connections to one PostgreSQL server. */
export interface Postgres {
  read<Row>(statement: Statement<Row>): Promise<Row[]>;
  /** Runs work in one transaction on one connection; again, three times at most, when the database asks for it. */
  transaction<T>(work: TransactionWork<T>): Promise<T>;
  /** Kysely on the same connections, for schema work. */
  readonly kysely: Kysely<Tables>;
  close(): Promise<void>;
}

/** `send` puts a statement on its way without waiting for its end; the commit does, and fails if it failed. */
type TransactionWork<T> = (
  run: <Row>(statement: Statement<Row>) => Promise<Row[]>,
  send: (statement: Statement) => void,
  isFirstTry: boolean,
) => Promise<T>;

interface Opened {
  readonly pool: pg.Pool;
  readonly statements: Statements;
}

const divisionByZero = '22012';

/** Gives compiled queries of PostgreSQL's dialect; nothing is ever run through it. */
export const postgresCompiler = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const isThere = sql<number>`1 / count(*)`.as('is_there');

/**
 * See `Trust`. What follows a statement that only came back empty would be carried out; what follows an error is not, and
 * a division by the number of rows is an error in every engine that speaks PostgreSQL's language.
 */
export const requiring: Requirements = {
  row: (query) => postgresCompiler.selectFrom(query.forUpdate().as('found')).select(isThere),
  read: (query) => postgresCompiler.selectFrom(query.as('found')).select(isThere),
  change: (query) =>
    postgresCompiler
      .with('changed', () => query)
      .selectFrom('changed')
      .select(isThere),
};

/**
 * Opens a pool of at most `max` connections; they are made at first use. `statementTimeoutMs` undefined means no limit.
 *
 * Statements with a name are prepared once per connection: planning our joins takes the server longer than running
 * them. A pooler in transaction mode that does not know about them (PgBouncer before 1.21, or with
 * `max_prepared_statements = 0`) refuses; from then on they are sent without a name, and nobody notices.
 */
export function openPostgres(connectionString: string, max: number, statementTimeoutMs: number | undefined): Postgres {
  const names = new StatementNames();
  let opening: Promise<Opened> | undefined;
  let opened: Opened | undefined;
  let closing: Promise<void> | undefined;
  const open = async (): Promise<Opened> => {
    // Loaded by need: an embedded database starts a tenth of a second sooner without it.
    opening ??= import('./postgres-driver.ts').then(({ openPool, Statements }) => ({
      pool: openPool(connectionString, max, statementTimeoutMs),
      statements: new Statements(),
    }));
    opened = await opening;
    return opened;
  };
  const named = ({ sql, parameters, name }: Statement): Sending => ({ sql, parameters, name: name && names.of(name) });

  const readOnce = async <Row>(statement: Statement<Row>): Promise<Row[]> => {
    const { pool, statements } = opened ?? (await open());
    return statements.read<Row>(pool, named(statement));
  };
  const attempt = async <T>(work: TransactionWork<T>, isFirstTry: boolean) => {
    const { pool, statements } = opened ?? (await open());
    const client = await pool.connect();
    const together = statements.together(client);
    let isBroken = false;
    /** What failed first is the reason; what fails after it says only that the transaction is of no use any more. */
    let reason: { error: unknown } | undefined;
    const run = async <Row>(statement: Statement<Row>): Promise<Row[]> => {
      try {
        return await together.run<Row>(named(statement));
      } catch (error) {
        reason ??= { error };
        throw error;
      }
    };
    const sent: Promise<unknown>[] = [];
    let hasLost = false;
    const send = (statement: Statement): void => {
      sent.push(
        run(statement).catch(() => {
          hasLost = true;
        }),
      );
    };
    try {
      // Not waited for: what follows goes out behind it, and fails with it.
      send(begin);
      const value = await work(run, send, isFirstTry);
      // Behind what is still on its way; after a failure in there it is a rollback.
      send(commit);
      await Promise.all(sent);
      // Even if the work could do without what failed: the server has rolled back.
      if (reason !== undefined) throw reason.error;
      return value;
    } catch (thrown) {
      // The work may have made something of a failure that it waited for, but of no other.
      const error = reason !== undefined && (hasLost || isAftermath(thrown)) ? reason.error : thrown;
      // A rollback goes out by itself, behind all that was asked for: the server skips what follows a failure in one piece.
      together.leave();
      // After a timeout the answer may still be on its way: the connection is of no use to anybody.
      isBroken =
        isTimeout(error) ||
        (await client.query('rollback').then(
          () => false,
          () => true,
        ));
      throw error;
    } finally {
      client.release(isBroken);
    }
  };
  return {
    read: async (statement) => {
      try {
        return await readOnce(statement);
      } catch (error) {
        if (!names.giveUpAfter(error)) throw error;
        return readOnce(statement);
      }
    },
    transaction: async (work) => {
      for (let tries = 1; ; tries += 1) {
        try {
          return await attempt(work, tries === 1);
        } catch (error) {
          // What the work waited for has been translated.
          const raw = error instanceof AccountError ? error.cause : error;
          const code = (raw as { code?: unknown } | undefined)?.code;
          // Serialisation failures and deadlocks are the database asking for another try; a row that is missing is us.
          const isAskedFor =
            code === '40001' || code === '40P01' || code === divisionByZero || names.giveUpAfter(error);
          if (tries >= 3 || !isAskedFor) throw error;
        }
      }
    },
    kysely: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: async () => (await open()).pool }) }),
    close: () => {
      closing ??= (async () => (await opening)?.pool.end())();
      return closing;
    },
  };
}

const begin: Statement = { ...CompiledQuery.raw('begin'), name: 'begin' };
const commit: Statement = { ...CompiledQuery.raw('commit'), name: 'commit' };

/** Under which names statements are prepared, and whether at all. */
class StatementNames {
  #isOn = true;
  #generation = 0;

  of(name: string): string | undefined {
    return this.#isOn ? `foyer_${this.#generation}_${name}` : undefined;
  }

  /** True when the error is about prepared statements, and the same query will do better now. */
  giveUpAfter(error: unknown): boolean {
    const { code, message } = error as { code?: unknown; message?: unknown };
    // The name is unknown, or there already: a pooler hands our connections around.
    if (code === '26000' || code === '42P05') {
      this.#isOn = false;
      return true;
    }
    // A migration of a later release changed what the statement gives; prepared anew it is fine.
    if (code === '0A000' && typeof message === 'string' && message.includes('cached plan')) {
      this.#generation += 1;
      return true;
    }
    return false;
  }
}

/** The statement before has failed: the order in which callers hear of it is up to them. */
function isAftermath(error: unknown): boolean {
  return (error as { code?: unknown }).code === '25P02';
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.includes('read timeout');
}
