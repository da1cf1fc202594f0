import { Command, CommanderError } from 'commander';
import { release } from '../release.ts';
import { printError } from './command-output.ts';
import { customerConsents } from './customer-consents.ts';
import { customerErase } from './customer-erase.ts';
import { customerHistory } from './customer-history.ts';
import { customerShow } from './customer-show.ts';
import { dbMove } from './db-move.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { exitCodes } from './exit-code.ts';
import { fakeSpaaza } from './fake-spaaza.ts';
import { keyCreate } from './key-create.ts';
import { keyList } from './key-list.ts';
import { keyRevoke } from './key-revoke.ts';
import { linkBackfill } from './link-backfill.ts';
import { linkReconcile } from './link-reconcile.ts';
import { linkResume } from './link-resume.ts';
import { linkShow } from './link-show.ts';
import { maintenance } from './maintenance.ts';
import { migrate } from './migrate.ts';
import { outboxDiscard } from './outbox-discard.ts';
import { outboxList } from './outbox-list.ts';
import { outboxReplay } from './outbox-replay.ts';
import { outboxShow } from './outbox-show.ts';
import { serve } from './serve.ts';
import { topologyApply } from './topology-apply.ts';
import { topologyShow } from './topology-show.ts';

/**
 * Reads the command line, runs one command and sets the exit code; never throws. Commands load what they work with by
 * need: `--help` must not open a database.
 */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  /** Whether the command has done all that it was to do; what it said may still be on its way. */
  let isDone = false;
  endWhenUnwritable(() => isDone);
  try {
    await commandLine(env).parseAsync(argv);
    isDone = true;
  } catch (error) {
    if (error instanceof CommanderError && /^commander\.(help|version)/.test(error.code)) {
      isDone = true;
      // A missing subcommand was answered with the help, but it is a mistake all the same.
      process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
      return;
    }
    const end = argv.indexOf('--');
    const isJson = argv.slice(0, end < 0 ? undefined : end).includes('--json');
    printError(error, { isJson, env });
    if (error instanceof CommanderError && !isJson)
      process.stderr.write('foyer --help and foyer COMMAND --help tell more.\n');
  }
}

/** All commands with their options, as `run` reads them; nothing runs before it is parsed. */
export function commandLine(env: NodeJS.ProcessEnv): Command {
  const program = new Command('foyer')
    .description(
      "One front door for an organisation's customers: one customer base behind the go~mus v4 and the Spaaza Magento 2 API.",
    )
    .version(release, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', conventions);
  program.commandsGroup('Serving:');
  serve(program, env);
  demo(program, env);
  program.commandsGroup('Operating:');
  migrate(program, env);
  const topology = program
    .command('topology')
    .description('apply or show websites, stores, pools, chains, newsletter groups');
  topologyApply(topology, env);
  topologyShow(topology, env);
  const key = program.command('key').description('create, list and revoke API keys of partner systems');
  keyCreate(key, env);
  keyList(key, env);
  keyRevoke(key, env);
  const customer = program.command('customer').description('show a customer and who wrote what, or erase one');
  customerShow(customer, env);
  customerHistory(customer, env);
  customerConsents(customer, env);
  customerErase(customer, env);
  const link = program.command('link').description('the link with the loyalty platform');
  linkShow(link, env);
  linkReconcile(link, env);
  linkBackfill(link, env);
  linkResume(link, env);
  const outbox = program.command('outbox').description('what waits for the loyalty platform, and what was given up');
  outboxList(outbox, env);
  outboxShow(outbox, env);
  outboxReplay(outbox, env);
  outboxDiscard(outbox, env);
  maintenance(program, env);
  dbMove(program.command('db').description('move everything to another database'));
  doctor(program, env);
  program.commandsGroup('Trying out:');
  fakeSpaaza(program.command('fake').description('stand in for a system that Foyer talks to'));
  program.commandsGroup('Help:').helpCommand('help [command]', 'print help of a command');
  return program;
}

const conventions = `
Start with "foyer demo" to look around, or with "foyer serve" for real. Settings are environment variables, such as
FOYER_PORT and FOYER_DATABASE_URL (default sqlite:./data/foyer.db); docs/configuration.md lists them all.

With --json the result is one JSON document on standard output, and an error is one on standard error.

Exit codes:
  0  done
  1  refused, or the doctor found a failure
  2  wrong command line or configuration
  3  the database is unavailable or not migrated
  4  not found
  5  done, but the loyalty platform has something else than Foyer
  6  the loyalty platform did not answer, or refuses the credential`;

/**
 * `foyer key list | head` closes the pipe early, which is no error once everything is done; a command that is still at work
 * has looked at a part only, and must not say otherwise. A full disk under the output is an error in any case.
 */
function endWhenUnwritable(isDone: () => boolean): void {
  // Progress and notes that nobody can read must not end what they are about.
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') {
      process.stderr.write(`foyer: standard output cannot be written (${code}); what the command did is done.\n`);
      process.exit(exitCodes.failed);
    }
    process.exit(isDone() ? undefined : exitCodes.failed);
  });
}
