import { type Command, InvalidArgumentError } from 'commander';
import { QueueStandsStill } from '../accounts/wait-for-room.ts';
import { walkPageSize } from '../accounts/walk-chain.ts';
import { CommandError } from './command-error.ts';
import { readChainId } from './delivery-options.ts';
import { exitCodes } from './exit-code.ts';

/** Options of the commands that go through all customers of a chain. */
export interface WalkFlags {
  chain?: number;
  restart?: boolean;
  verbose?: boolean;
  mostWaiting: number;
  patience: number;
  json?: boolean;
}

/** Adds them; `whom` says of which customers `--verbose` prints a line. */
export function withWalkOptions(command: Command, whom: string): Command {
  return command
    .option('--chain <id>', 'the chain; needed when the links of several are on', readChainId)
    .option('--restart', 'begin with the first customer again')
    .option('--verbose', `a line for each customer ${whom}`)
    .option('--most-waiting <rows>', 'keep the queue at this length at most', readWhole(walkPageSize, 100_000), 1_000)
    .option('--patience <seconds>', 'end when the queue has not got shorter for so long', readWhole(1, 86_400), 600)
    .option('--json', 'print one JSON document; with --verbose, one line of JSON for each');
}

/** Runs a walk; a queue that nobody works on is explained to whoever waits for it. */
export async function notStandingStill<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QueueStandsStill)) throw error;
    const message =
      `The queue has ${error.waiting.toLocaleString('en-US')} rows and does not get shorter: does a server run, ` +
      'with the credential of the chain? foyer outbox list --by-code tells more. The same command goes on from here.';
    throw new CommandError('queue_stands_still', message, { exitCode: exitCodes.failed, cause: error });
  }
}

function readWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number < least || number > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most.toLocaleString('en-US')}.`);
    }
    return number;
  };
}
