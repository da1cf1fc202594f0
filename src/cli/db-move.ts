import type { Command } from 'commander';
import { databaseUrl } from '../config-kinds.ts';
import type { MoveOptions, MoveRefusal, MoveResult } from '../storage/move.ts';
import { CommandError } from './command-error.ts';
import { type Outcome, printing, table } from './command-output.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { explainError, reasonOf } from './explain-error.ts';
import { stepProgress } from './step-progress.ts';

interface Flags {
  from: string;
  to: string;
  offline?: boolean;
  restart?: boolean;
  json?: boolean;
}

/** `foyer db move`: copies everything into an empty database of either kind, and proves it. */
export function dbMove(db: Command): void {
  db.command('move')
    .summary('copy everything into another, empty database, and prove it')
    .description(
      'Copies everything into another, empty database of either kind, and compares the two table by table. A move that ' +
        'was ended early goes on where it was when the same command runs again. The source is only read.\n\n' +
        'Switch maintenance on before, and leave the servers alone until the move is over. To keep the password of ' +
        'PostgreSQL out of the list of processes, leave it out of the URL and set PGPASSWORD.',
    )
    .requiredOption('--from <url>', 'database to read: sqlite:<path> or postgres://…')
    .requiredOption('--to <url>', 'empty database to write; a SQLite file is made')
    .option('--offline', 'no server runs on the source, so that it need not be in maintenance')
    .option('--restart', 'begin again: empty a target that an unfinished move has left')
    .option('--json', 'print one JSON document, and no progress')
    .action(printing(run));
}

async function run(flags: Flags): Promise<Outcome> {
  const [from, to] = [checkedUrl('--from', flags.from), checkedUrl('--to', flags.to)];
  const progress = stepProgress(process.stderr, () => performance.now());
  const result = await moveOrExplain({
    from,
    to,
    isOffline: flags.offline === true,
    isRestart: flags.restart === true,
    onProgress: flags.json ? () => undefined : progress,
  });
  return { data: result, text: resultText(result, databaseUrl.mask!(to)) };
}

function checkedUrl(option: string, text: string): string {
  const url = databaseUrl.parse(text);
  if (url !== undefined) return url;
  const message = `${option} must be ${databaseUrl.allowed}.`;
  throw new CommandError('usage', message, { exitCode: exitCodes.usage });
}

async function moveOrExplain(options: MoveOptions): Promise<MoveResult> {
  const { MoveRefused, moveDatabase } = await import('../storage/move.ts');
  try {
    return await moveDatabase(options);
  } catch (error) {
    if (error instanceof MoveRefused) {
      const { exitCode = exitCodes.failed, message } = refusals[error.code];
      throw new CommandError(error.code, message(error.facts), { exitCode, cause: error });
    }
    const explained = explainError(error);
    if (explained.code !== 'database_unavailable') throw error;
    const message =
      `One of the databases is unavailable: ${reasonOf(error)}. ` +
      'Check --from and --to; the same command goes on where it was.';
    throw new CommandError(explained.code, message, { exitCode: explained.exitCode, cause: error });
  }
}

const refusals: Record<MoveRefusal, { message: (facts: readonly string[]) => string; exitCode?: ExitCode }> = {
  same_database: { message: () => '--from and --to name the same database.', exitCode: exitCodes.usage },
  source_missing: { message: ([name]) => `The source is not there: ${name}.`, exitCode: exitCodes.notFound },
  source_not_migrated: {
    message: (names) => `The source lacks ${names.join(', ')}: run foyer migrate on it.`,
    exitCode: exitCodes.database,
  },
  source_newer: {
    message: (names) => `The source has ${names.join(', ')} of a later release: move it with that one.`,
    exitCode: exitCodes.database,
  },
  source_unfinished: {
    message: ([source]) => `The source is itself the target of a move from ${source} that has not ended.`,
  },
  source_open: {
    message: () =>
      'Servers may be writing to the source: run foyer maintenance on there, or say --offline if none is running.',
  },
  source_changed: {
    message: () =>
      'The source has changed since the move began: switch maintenance on there and say --restart to begin again.',
  },
  target_newer: {
    message: (names) => `The target has ${names.join(', ')} of a later release: move with that one.`,
    exitCode: exitCodes.database,
  },
  target_not_empty: { message: ([name]) => `The target is not empty: there are rows in ${name}. Nothing was changed.` },
  target_taken: {
    message: ([source]) =>
      source === undefined
        ? 'Another move is writing to the target.'
        : `The target holds a part of a move from ${source}; to give that up, say --restart.`,
  },
  not_taken: {
    message: ([name, first, last, reason]) =>
      `The target does not take one of the rows ${first} to ${last} of table ${name}: ${reason}. Change it in the source, ` +
      'or take a target that can hold it, and say --restart to begin again.',
  },
  not_equal: {
    message: ([name, there, here]) =>
      `Table ${name} differs: ${there} in the source, ${here} in the target. Something else has written to one of ` +
      'them: switch maintenance on, stop what writes, and say --restart to begin again.',
  },
};

function resultText({ tables, isResumed, isMaintenance }: MoveResult, target: string): string {
  const rows = tables.map(({ table: name, rows: count, checksum }) => [name, count.toLocaleString('en-US'), checksum]);
  const next = [
    `Both databases hold the same${isResumed ? '; the move had been begun before' : ''}.`,
    `Start the servers with FOYER_DATABASE_URL=${target}${isMaintenance ? ', and run foyer maintenance off there.' : '.'}`,
  ];
  return `${table(['TABLE', 'ROWS', 'CHECKSUM'], rows)}\n\n${next.join('\n')}`;
}
