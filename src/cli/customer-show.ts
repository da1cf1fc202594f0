import type { Command } from 'commander';
import { presentCustomer } from '../protocols/admin/present.ts';
import { printing } from './command-output.ts';
import { describeCustomer } from './describe-customer.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** `foyer customer show REFERENCE`: what is known about one person. */
export function customerShow(customer: Command, env: NodeJS.ProcessEnv): void {
  customer
    .command('show')
    .summary('show one customer')
    .description(
      'Shows profile, addresses, newsletter groups and loyalty links of one customer. Secrets are never shown.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string) => {
        const shown = await withAccounts(env, 'present', async ({ accounts }) =>
          presentCustomer(
            await accounts.getCustomerDetails({ reference }, operatorContext()),
            accounts.directory.topology,
          ),
        );
        return { data: shown, text: `Customer ${shown.id}\n${describeCustomer(shown)}` };
      }),
    );
}
