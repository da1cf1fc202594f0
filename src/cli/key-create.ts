import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Scope, scopes } from '../accounts/access.ts';
import { printing } from './command-output.ts';
import { withAccounts } from './open-accounts.ts';

/** `foyer key create NAME`: makes an API key and prints it, the only time it is ever shown. */
export function keyCreate(key: Command, env: NodeJS.ProcessEnv): void {
  key
    .command('create')
    .summary('make a key and print it, this once')
    .description(
      'Makes an API key for a partner system and prints it on standard output. It is shown this once: only a digest ' +
        'is kept. Running servers accept it within two seconds. An empty database is given the default topology first, ' +
        'as by foyer serve.',
    )
    .argument('<name>', 'whose key it is, for example spaaza-production')
    .addOption(
      new Option('--scope <scope>', `what it may do; repeat for several (${scopes.join(', ')})`)
        .argParser(collectScope)
        .makeOptionMandatory(),
    )
    .option('--website <code>', 'bind it to the customers of one website')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Scopes:
  customer_authenticate  ask whether an e-mail and a password belong together
  customer_read          look customers up
  customer_write         create and change customers
  admin_read             read everything about a customer, history included, over the admin API

Example:
  KEY=$(foyer key create spaaza --scope customer_authenticate --scope customer_read --scope customer_write)`,
    )
    .action(
      printing(async (name: string, { scope, website }: { scope: Scope[]; website?: string }) => {
        // What is refused, or can only be refused in an empty database, must not give it a topology first.
        const need = website === undefined && name.trim() !== '' ? 'created' : 'present';
        const {
          id,
          key: text,
          hasCreatedTopology,
        } = await withAccounts(env, need, async (opened) => ({
          ...(await opened.accounts.createKey({ name, scopes: scope, websiteCode: website })),
          hasCreatedTopology: opened.hasCreatedTopology,
        }));
        const started = hasCreatedTopology ? 'The database was empty and now has the default topology.\n' : '';
        return {
          data: { id, name: name.trim(), key: text, scopes: scope, website: website ?? null },
          text,
          note: `${started}This is key ${id}. Keep it now: it cannot be shown again.`,
        };
      }),
    );
}

function collectScope(value: string, before: Scope[] = []): Scope[] {
  const scope = scopes.find((known) => known === value);
  if (scope === undefined) throw new InvalidArgumentError(`The scopes are ${scopes.join(', ')}.`);
  return before.includes(scope) ? before : [...before, scope];
}
