import { AccountError } from '../accounts/errors.ts';

/** Raised by a write that breaks a unique index; `constraint` names the index or its columns. */
export class UniqueViolation extends Error {
  readonly constraint: string;

  constructor(constraint: string, cause: unknown) {
    super(`Unique violation: ${constraint}`, { cause });
    this.name = 'UniqueViolation';
    this.constraint = constraint;
  }
}

/** Runs work, and makes what a database refuses or cannot do the same for both. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}

const unavailableSqlite = /^SQLITE_(?:FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|NOTADB|CORRUPT|PROTOCOL)/;
// PostgreSQL: connection exceptions, insufficient resources, operator intervention, system errors, limits of the role (55P03,
// 25P03, 25P04), what another try may bring (40001, 40P01; a standby cancels reads so), a database that admits nobody (55000)
// or not us (28...) or is gone (3D000), a read-only one (25006), node's own socket errors, and certificates that are wrong or
// cannot be read, which is tried anew for each connection.
const unavailablePostgres =
  /^(?:08...|53...|57...|58...|28...|40001|40P01|55P03|25P0[34]|55000|3D000|25006|E(?:CONN\w+|PIPE|HOSTUNREACH|NETUNREACH|TIMEDOUT|NOTFOUND|AI_AGAIN)|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_(?:TLS|SSL|OSSL)_\w+|ENOENT|EACCES)$/;
// Errors of the drivers themselves, which have no code: no password for a server that asks for one, no TLS for one who
// insists on it; the last three follow a closed store.
const unavailableMessage =
  /^SASL: |^The server does not support SSL|timeout exceeded when trying to connect|Query read timeout|Connection terminated|Client was closed|is not queryable|driver has already been destroyed|pool after calling end|database connection is not open/;

/** What an error of a database or its driver means to the domain; any other stays as it is. */
export function translate(error: unknown): unknown {
  if (error instanceof AccountError || !(error instanceof Error)) return error;
  const { code, constraint } = error as Error & { code?: string; constraint?: string };
  if (code === '23505') return new UniqueViolation(constraint ?? error.message, error);
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return new UniqueViolation(error.message, error);
  }
  const isUnavailable =
    code === undefined
      ? unavailableMessage.test(error.message)
      : unavailableSqlite.test(code) || unavailablePostgres.test(code);
  // Text that this database cannot hold, such as a NUL on PostgreSQL: the caller's fault, not ours.
  if (code === '22021' || code === '22P05') {
    return new AccountError('validation_failed', { problems: [{ field: 'text', rule: 'invalid' }] }, error);
  }
  return isUnavailable ? new AccountError('storage_unavailable', { retryAfterSeconds: 2 }, error) : error;
}
