import type { Command } from 'commander';
import { type PresentedConsents, type PresentedStatement, presentConsents } from '../protocols/admin/present.ts';
import { printing, table } from './command-output.ts';
import { exactMomentText } from './moment-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';
import { limitOption, readPages } from './read-pages.ts';

/** `foyer customer consents REFERENCE`: what the person agreed to and took back. */
export function customerConsents(customer: Command, env: NodeJS.ProcessEnv): void {
  customer
    .command('consents')
    .summary('what a customer agreed to and took back, and when')
    .description(
      'Shows of each consent whether it is given, since when, by whom and from where, and below all that was ever stated, ' +
        'newest first. Nothing changes a statement; an erasure takes all of them away.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .addOption(limitOption('statements'))
    .option('--json', 'print one JSON document')
    .action(
      printing(async (reference: string, { limit }: { limit: number }) => {
        const { next_cursor, ...shown } = await withAccounts(env, 'present', async ({ accounts }) =>
          presentConsents(
            await readPages(limit, (count, beforeId) =>
              accounts.getCustomerConsents({ reference, limit: count, beforeId }, operatorContext()),
            ),
            accounts.directory.topology,
          ),
        );
        const hasMore = next_cursor !== null;
        return {
          data: { ...shown, hasMore },
          text: describeConsents(shown),
          note: hasMore ? 'There are older statements: --limit shows more.' : undefined,
        };
      }),
    );
}

function describeConsents({ customer_id, standing, statements }: Omit<PresentedConsents, 'next_cursor'>): string {
  if (statements.length === 0) return `Customer ${customer_id}\nNothing was ever stated.`;
  const now = table(
    ['CONSENT', 'GIVEN', 'SINCE', 'BY', 'FROM', 'REQUEST'],
    standing.map((statement) => [
      consentText(statement),
      givenText(statement),
      exactMomentText(statement.stated_at),
      ...source(statement),
    ]),
  );
  const all = table(
    ['WHEN', 'CONSENT', 'GIVEN', 'BY', 'FROM', 'REQUEST'],
    statements.map((statement) => [
      exactMomentText(statement.stated_at),
      consentText(statement),
      givenText(statement),
      ...source(statement),
    ]),
  );
  return `Customer ${customer_id}, what holds now\n${now}\n\nAll statements, newest first\n${all}`;
}

/** `newsletter 8 (Night at the museum)`, `printed mailing 123`. */
function consentText({ consent, group, group_name, chain }: PresentedStatement): string {
  const name = group_name === null ? '' : ` (${group_name})`;
  return `${consent.replace('_', ' ')} ${group ?? chain}${name}`;
}

function givenText({ is_given }: PresentedStatement): string {
  return is_given ? 'yes' : 'no';
}

function source({ actor, origin, request_id }: PresentedStatement): [string, string, string] {
  return [actor, origin, request_id];
}
