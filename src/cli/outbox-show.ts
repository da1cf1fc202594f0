import type { Command } from 'commander';
import { columns, printing } from './command-output.ts';
import { namingChain, readChainId } from './delivery-options.ts';
import { deliveryLines, presentDelivery } from './delivery-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** `foyer outbox show REFERENCE`: what waits or was given up about one customer. */
export function outboxShow(outbox: Command, env: NodeJS.ProcessEnv): void {
  outbox
    .command('show')
    .summary('what waits or was given up about one customer')
    .description(
      'Shows what waits for the loyalty platform, or was given up, about one customer: why, since when, and which fields ' +
        'would be sent. Values are not shown; foyer link show has them. The id of an erased account leads to its erasure.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--chain <id>', 'only this chain', readChainId)
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string, { chain }: { chain?: number }) => {
        const { customerId, isCustomer, rows } = await withAccounts(env, 'present', ({ accounts }) =>
          namingChain(chain, () => accounts.showDelivery({ reference, chainId: chain }, operatorContext())),
        );
        const deliveries = rows.map(presentDelivery);
        const blocks = deliveries.map(
          (row) =>
            `Chain ${row.chain}, ${row.state}\n${columns(deliveryLines(row).map(([name, value]) => [`  ${name}`, value]))}`,
        );
        const who = `Customer ${customerId}${isCustomer ? '' : ', whose account is no more'}`;
        return {
          data: { customer: customerId, isCustomer, deliveries },
          text: [who, ...(blocks.length === 0 ? ['Nothing waits, and nothing was given up.'] : blocks)].join('\n'),
        };
      }),
    );
}
