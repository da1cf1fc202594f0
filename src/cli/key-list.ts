import type { Command } from 'commander';
import { printing, table } from './command-output.ts';
import { momentText } from './moment-text.ts';
import { withAccounts } from './open-accounts.ts';

/** `foyer key list`: every key ever made, without its text. */
export function keyList(key: Command, env: NodeJS.ProcessEnv): void {
  key
    .command('list')
    .summary('show all keys, revoked ones included')
    .description('Shows every API key ever made, revoked ones included. The keys themselves are not known any more.')
    .option('--json', 'print one JSON document')
    .action(
      printing(async () => {
        const keys = await withAccounts(env, 'any', async ({ accounts, hasTopology }) => {
          const websites = hasTopology ? accounts.directory.topology.data.websites : [];
          const codes = new Map(websites.map(({ id, code }) => [id, code]));
          return (await accounts.listKeys()).map(
            ({ id, name, scopes, websiteId, createdAt, lastUsedAt, revokedAt }) => ({
              id,
              name,
              scopes,
              website: websiteId === null ? null : (codes.get(websiteId) ?? String(websiteId)),
              createdAt,
              lastUsedAt,
              revokedAt,
            }),
          );
        });
        const rows = keys.map(({ id, name, scopes, website, createdAt, lastUsedAt, revokedAt }) => [
          String(id),
          name,
          revokedAt === null ? 'live' : 'revoked',
          website ?? 'all',
          scopes.join(','),
          momentText(createdAt),
          momentText(lastUsedAt),
        ]);
        const headings = ['ID', 'NAME', 'STATE', 'WEBSITE', 'SCOPES', 'CREATED', 'LAST USED'];
        const text = keys.length === 0 ? 'There are no keys; foyer key create makes one.' : table(headings, rows);
        return { data: { keys }, text };
      }),
    );
}
