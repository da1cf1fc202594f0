import type { Command } from 'commander';
import { printing } from './command-output.ts';
import { namingChain, withDeliveryFilters } from './delivery-options.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';
import { rowsText, type SelectionFlags, selectionOf } from './outbox-replay.ts';

interface DiscardFlags extends SelectionFlags {
  erasures?: boolean;
}

/** `foyer outbox discard`: gives up for good what was given up. */
export function outboxDiscard(outbox: Command, env: NodeJS.ProcessEnv): void {
  const command = outbox
    .command('discard')
    .summary('drop what was given up, for good')
    .description(
      'Drops what was given up, so that the loyalty platform is never told: that of one customer, or all that --code, ' +
        '--chain and --older-than choose. The next change of such a customer is sent as ever, with all there is to send. ' +
        'Erasures stay unless --erasures is said. Each is noted in the history of its customer.',
    )
    .argument('[reference]', 'only that of one customer: e-mail, id or foreign id');
  withDeliveryFilters(command, 'dead')
    .option('--all', 'whatever the code')
    .option('--erasures', 'erasures too: the platform then keeps people who were erased here')
    .option('--dry-run', 'count them, and change nothing')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string | undefined, flags: DiscardFlags) => {
        const selection = selectionOf(reference, flags);
        const isDryRun = flags.dryRun === true;
        const withErasures = flags.erasures === true;
        const { discarded, keptErasures } = await withAccounts(env, 'present', ({ accounts }) =>
          namingChain(flags.chain, () =>
            accounts.discardDeliveries({ ...selection, isDryRun, withErasures }, operatorContext()),
          ),
        );
        const stays = keptErasures === 1 ? 'stays, being an erasure' : 'stay, being erasures';
        const kept = keptErasures === 0 ? '' : ` ${rowsText(keptErasures)} ${stays}: see --erasures.`;
        const text = `${isDryRun ? 'Would discard' : 'Discarded'} ${rowsText(discarded)}.${kept}`;
        return { data: { isDryRun, discarded, keptErasures }, text };
      }),
    );
}
