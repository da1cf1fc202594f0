import { type Command, InvalidArgumentError } from 'commander';
import { printing } from './command-output.ts';
import { withAccounts } from './open-accounts.ts';

/** `foyer key revoke ID`: ends a key for good. */
export function keyRevoke(key: Command, env: NodeJS.ProcessEnv): void {
  key
    .command('revoke')
    .summary('end a key for good')
    .description('Ends a key for good. Running servers refuse it within two seconds.')
    .argument('<id>', 'number of the key, as foyer key list shows it', parseId)
    .option('--json', 'print one JSON document')
    .action(
      printing(async (id: number) => {
        await withAccounts(env, 'any', ({ accounts }) => accounts.revokeKey({ id }));
        return { data: { id, isRevoked: true }, text: `Key ${id} is revoked.` };
      }),
    );
}

function parseId(text: string): number {
  const id = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(id)) throw new InvalidArgumentError('It is a number, as foyer key list shows it.');
  return id;
}
