import { CommanderError } from 'commander';
import { AccountError, type AccountErrorCode, type AccountErrorDetails } from '../accounts/errors.ts';
import { ConfigError } from '../config.ts';
import { MoveUnfinishedError, SchemaBehindError } from '../prepare-database.ts';
import { CommandError } from './command-error.ts';
import { describeProblem } from './describe-problem.ts';
import { exitCodes } from './exit-code.ts';
import { exactMomentText, momentText } from './moment-text.ts';

/**
 * Says in words for the operator what went wrong, with a code for scripts and the exit code. Everything that a database
 * driver reports counts as the database being unavailable; what nobody foresaw is `internal` and keeps its message.
 */
export function explainError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
    return new CommandError('usage', message, { exitCode: exitCodes.usage, cause: error });
  }
  if (error instanceof ConfigError) {
    const count = error.faults.length === 1 ? '1 fault' : `${error.faults.length} faults`;
    const { faults } = error;
    return new CommandError('configuration', `The configuration has ${count}.`, { exitCode: exitCodes.usage, faults });
  }
  if (error instanceof SchemaBehindError) {
    const message = `The database lacks ${error.pending.join(', ')}: run foyer migrate.`;
    return new CommandError('not_migrated', message, { exitCode: exitCodes.database, cause: error });
  }
  if (error instanceof MoveUnfinishedError) {
    const message = 'A move into this database has not ended: run the same foyer db move again.';
    return new CommandError('move_unfinished', message, { exitCode: exitCodes.database, cause: error });
  }
  if (error instanceof AccountError) return explainRefusal(error);
  return explainListening(error) ?? explainDatabase(error) ?? explainUnknown(error);
}

const refusals: Partial<Record<AccountErrorCode, (details: AccountErrorDetails) => string>> = {
  validation_failed: () => 'Refused; nothing was changed.',
  customer_not_found: () => 'There is no such customer.',
  customer_erased: ({ erasure }) =>
    `Customer ${erasure?.customerId} was erased ${momentText(erasure?.erasedAt)} by ${erasure?.actor}; nothing else is kept.`,
  not_created_yet: ({ createdAt }) =>
    `There was no such customer then: it was created ${exactMomentText(createdAt ?? '')}.`,
  maintenance: () => 'Maintenance is on, so nothing may be written: foyer maintenance off opens the doors.',
  key_unknown: () => 'There is no such key, or it is revoked already; foyer key list shows all.',
};

/** What is not there, or was not. */
const missing: readonly AccountErrorCode[] = [
  'customer_not_found',
  'customer_erased',
  'not_created_yet',
  'key_unknown',
];

function explainRefusal(error: AccountError): CommandError {
  if (error.code === 'storage_unavailable') return unavailable(reasonOf(error), error);
  const message = refusals[error.code]?.(error.details) ?? `Refused: ${error.code.replaceAll('_', ' ')}.`;
  return new CommandError(error.code, message, {
    exitCode: missing.includes(error.code) ? exitCodes.notFound : exitCodes.failed,
    faults: error.details.problems?.map(describeProblem),
    cause: error,
  });
}

/** A server that cannot have its address is a matter of configuration. */
function explainListening(error: unknown): CommandError | undefined {
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return undefined;
  const message =
    code === 'EADDRINUSE'
      ? `Port ${port} is in use; set FOYER_PORT.`
      : code === 'EACCES'
        ? `Port ${port} needs more rights than this user has; set FOYER_PORT to 1024 or more.`
        : `Cannot listen on ${address ?? (error as { hostname?: string }).hostname}: it is no address of this machine (${code}); set FOYER_HOST.`;
  return new CommandError(code === 'EADDRINUSE' ? 'port_in_use' : 'cannot_listen', message, {
    exitCode: exitCodes.usage,
    cause: error,
  });
}

function explainDatabase(error: unknown): CommandError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, path, severity } = error as NodeJS.ErrnoException & { severity?: string };
  // Making the folder of the database file is the only folder made by any command but the demo.
  if (syscall === 'mkdir') return unavailable(`its folder ${path} cannot be made (${code})`, error);
  if (syscall === 'stat') return unavailable(`its file ${path} cannot be looked for (${code})`, error);
  const isDriver = error.name === 'SqliteError' || (severity !== undefined && code?.length === 5);
  if (isDriver) return unavailable(reasonOf(error), error);
  // By name: the class comes with the whole of storage, which --help must not load.
  if (error.name === 'SchemaTooNewError') {
    return new CommandError('database_too_new', `${error.message}.`, { exitCode: exitCodes.database, cause: error });
  }
  return undefined;
}

function unavailable(reason: string, cause: unknown): CommandError {
  const message = `The database is unavailable: ${reason}. Check FOYER_DATABASE_URL; foyer doctor tells more.`;
  return new CommandError('database_unavailable', message, { exitCode: exitCodes.database, cause });
}

function explainUnknown(error: unknown): CommandError {
  const message = `Unexpected: ${reasonOf(error)}. FOYER_LOG_LEVEL=debug shows where; foyer doctor may tell why.`;
  return new CommandError('internal', message, { exitCode: exitCodes.failed, cause: error });
}

/** The message and code of an error, without a full stop; connection errors to several addresses have only a code. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason was given';
  if (error instanceof AccountError && error.cause !== undefined) return reasonOf(error.cause);
  const { code } = error as NodeJS.ErrnoException;
  const message = error.message.split('\n')[0]?.replace(/\.$/, '') ?? '';
  if (message === '') return code ?? error.name;
  return typeof code === 'string' && !message.includes(code) ? `${message} (${code})` : message;
}
