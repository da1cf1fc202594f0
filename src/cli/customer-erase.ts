import type { Command } from 'commander';
import { printing } from './command-output.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** `foyer customer erase REFERENCE`: the account goes, here and on the loyalty platform. */
export function customerErase(customer: Command, env: NodeJS.ProcessEnv): void {
  customer
    .command('erase')
    .summary('erase one customer for good')
    .description(
      'Erases one customer as they can themselves: account, addresses, sessions, consents and the old history go, and ' +
        'the loyalty platform is told to erase the person too. Nothing brings them back. Without --yes it only says who ' +
        'would go.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--yes', 'do it')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string, { yes: isErased = false }: { yes?: boolean }) => {
        const { id, email } = await withAccounts(env, 'present', async ({ accounts }) => {
          const context = operatorContext();
          const { customer: found } = await accounts.getCustomerDetails({ reference }, context);
          if (isErased) await accounts.deleteAccount({ customerId: found.id }, context);
          return found;
        });
        const text = isErased
          ? `Erased customer ${id}, ${email}.`
          : `Would erase customer ${id}, ${email}. Say --yes to do it.`;
        return { data: { id, email, isErased }, text };
      }),
    );
}
