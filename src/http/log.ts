import type { FastifyBaseLogger } from 'fastify';
import { type DestinationStream, type LogFn, type Logger, pino } from 'pino';

/** What may be said about an error in the log: its kind, message and stack, and those of its causes; nothing it carries. */
interface LoggedError {
  type: string;
  message: string;
  code?: unknown;
  stack?: string;
  cause?: LoggedError;
}

/**
 * Makes the server's logger. It is given requests only as method, route pattern and id, never as URL, headers
 * or body: a secret cannot be redacted from where it is never put. The redaction list is the second line of defence.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: secretPaths.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '***',
    },
    serializers: { err: (error: unknown) => loggedError(error, 0), req: () => undefined, res: () => undefined },
    hooks: { logMethod: nameErrors },
  };
  return pino(options, destination ?? standardOutput());
}

/** What waits to be written at most, in bytes; what comes on top is dropped. */
const mostWaiting = 1024 * 1024;

/**
 * Standard output, which may be a file on a full disk or a pipe that nobody empties: the server goes on, and so does its log
 * once there is room. Lines are written at once, so that none is left to be written at the end, and one that cannot be
 * written waits for the next: the stream by itself would end the process, or sleep.
 */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ fd: 1, sync: true, maxLength: mostWaiting, retryEAGAIN: () => false });
  stream.on('error', () => undefined);
  return stream;
}

/**
 * A request's logger that is made when the first line is written: most requests write none, and binding their id would
 * cost more than serving some of them.
 */
export function lazyLogger(parent: Logger, bindings: Record<string, unknown>): FastifyBaseLogger {
  let made: Logger | undefined;
  const logger = (): Logger => {
    made ??= parent.child(bindings);
    return made;
  };
  const write =
    (level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace') =>
    (...line: Parameters<Logger['info']>): void => {
      if (parent.isLevelEnabled(level)) logger()[level](...line);
    };
  return {
    level: parent.level,
    silent: () => undefined,
    child: (more: Record<string, unknown>) => logger().child(more),
    fatal: write('fatal'),
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    trace: write('trace'),
  } as FastifyBaseLogger;
}

const secretPaths = [
  'password',
  'password_confirmation',
  'current_password',
  'authorization',
  '["access-token"]',
  'accessToken',
  'body',
  'headers',
  'key',
];

/** Gives an error without words some: pino would repeat the error's message, past the serialiser. */
function nameErrors(this: Logger, line: Parameters<LogFn>, write: LogFn): void {
  const [first, words] = line as [unknown, unknown];
  const isWordless = words === undefined && typeof first === 'object' && first !== null;
  if (isWordless && (first instanceof Error || 'err' in first)) write.call(this, first, 'error');
  else write.apply(this, line);
}

function loggedError(error: unknown, depth: number): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error object' };
  const { code, cause } = error as Error & { code?: unknown };
  const result: LoggedError = { type: error.name, message: error.message, stack: error.stack };
  if (quotesItsInput(error, code)) {
    result.message = 'withheld: it quotes what it could not read';
    result.stack = framesOf(error);
  }
  if (code !== undefined) result.code = code;
  if (cause !== undefined && depth < 3) result.cause = loggedError(cause, depth + 1);
  return result;
}

/**
 * JSON.parse shows a piece of the text it stumbled over, and PostgreSQL's data exceptions (class 22) the value that does
 * not fit: both may be a part of somebody's password.
 */
function quotesItsInput(error: Error, code: unknown): boolean {
  return error instanceof SyntaxError || (typeof code === 'string' && /^22[0-9A-Z]{3}$/.test(code));
}

/** The stack without the message it begins with. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .join('\n');
}
