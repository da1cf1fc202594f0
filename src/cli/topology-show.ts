import type { Command } from 'commander';
import { printing } from './command-output.ts';
import { withAccounts } from './open-accounts.ts';

/** `foyer topology show`: the topology in the shape that `apply` reads. */
export function topologyShow(topology: Command, env: NodeJS.ProcessEnv): void {
  topology
    .command('show')
    .summary('print the topology as a file that apply reads')
    .description(
      'Prints pools, websites, stores, chains and newsletter groups as a YAML file that foyer topology apply reads. ' +
        'While the database has none, it prints what foyer serve would start with.',
    )
    .option('--json', 'print one JSON document')
    .action(
      printing(async () => {
        const stored = await withAccounts(env, 'any', async ({ accounts, hasTopology }) =>
          hasTopology ? accounts.directory.topology.data : undefined,
        );
        const [{ topologyDocument }, { defaultTopology }] = await Promise.all([
          import('./topology-document.ts'),
          import('../accounts/default-topology.ts'),
        ]);
        const { text, value } = topologyDocument(stored ?? defaultTopology);
        const remark = '# The database has no topology yet. This is what foyer serve would start with.\n#\n';
        return {
          data: { isStored: stored !== undefined, topology: value },
          text: stored === undefined ? remark + text : text,
        };
      }),
    );
}
