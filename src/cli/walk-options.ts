import { type Command, InvalidArgumentError } from 'commander';
import { walkPageSize } from '../accounts/walk-chain.ts';
import { readChainId } from './delivery-options.ts';

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

function readWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number < least || number > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most.toLocaleString('en-US')}.`);
    }
    return number;
  };
}
