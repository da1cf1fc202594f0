import type { Command } from 'commander';
import type { QueueState } from '../accounts/loyalty-queue.ts';
import { CommandError } from './command-error.ts';
import { printing } from './command-output.ts';
import { type DeliveryFlags, deliveryQuery, namingChain, withDeliveryFilters } from './delivery-options.ts';
import { exitCodes } from './exit-code.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** What replay and discard have in common. */
export interface SelectionFlags extends DeliveryFlags {
  state: QueueState;
  all?: boolean;
  dryRun?: boolean;
}

/** `foyer outbox replay`: has what was given up tried again. */
export function outboxReplay(outbox: Command, env: NodeJS.ProcessEnv): void {
  const command = outbox
    .command('replay')
    .summary('try again what was given up')
    .description(
      'Has what was given up tried again at once by the servers: that of one customer, or all that --code, --chain and ' +
        '--older-than choose. With --state waiting it ends the back-off of what waits. Each is noted in the history of ' +
        'its customer.',
    )
    .argument('[reference]', 'only that of one customer: e-mail, id or foreign id');
  withDeliveryFilters(command, 'dead')
    .option('--all', 'whatever the code')
    .option('--dry-run', 'count them, and change nothing')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string | undefined, flags: SelectionFlags) => {
        const selection = selectionOf(reference, flags);
        const isDryRun = flags.dryRun === true;
        const { replayed } = await withAccounts(env, 'present', ({ accounts }) =>
          namingChain(flags.chain, () => accounts.replayDeliveries({ ...selection, isDryRun }, operatorContext())),
        );
        const text = `${isDryRun ? 'Would replay' : 'Replayed'} ${rowsText(replayed)}.`;
        return { data: { isDryRun, replayed }, text };
      }),
    );
}

/** What is meant; a slip of the hand must not mean everything. */
export function selectionOf(reference: string | undefined, flags: SelectionFlags) {
  if (reference === undefined && flags.code === undefined && !flags.all) {
    const message = 'Name a customer, or say which with --code, or --all.';
    throw new CommandError('usage', message, { exitCode: exitCodes.usage });
  }
  return { reference, query: { ...deliveryQuery(flags), state: flags.state } };
}

/** A number of rows in words. */
export function rowsText(count: number): string {
  return count === 1 ? '1 row' : `${count.toLocaleString('en-US')} rows`;
}
