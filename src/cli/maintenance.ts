import { Argument, type Command } from 'commander';
import { printing } from './command-output.ts';
import { momentText } from './moment-text.ts';
import { withAccounts } from './open-accounts.ts';

/** `foyer maintenance on|off|status`: closes and opens the doors of all nodes. */
export function maintenance(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('maintenance')
    .summary('close the doors, open them, or tell which')
    .description(
      'Closes (on) or opens (off) the doors: during maintenance every server refuses customers and partners politely, ' +
        'and /health says so. Running servers follow within two seconds. Doing it twice changes nothing.',
    )
    .addArgument(new Argument('<state>', 'what to do').choices(['on', 'off', 'status']))
    .option('--json', 'print one JSON document')
    .action(
      printing(async (state: 'on' | 'off' | 'status') => {
        const since = await withAccounts(
          env,
          state === 'status' ? 'any' : 'present',
          async ({ accounts, hasTopology }) => {
            if (state !== 'status') return accounts.setMaintenance({ isOn: state === 'on' });
            return hasTopology ? accounts.directory.maintenanceSince : undefined;
          },
        );
        const text = since === undefined ? 'Maintenance is off.' : `Maintenance is on since ${momentText(since)}.`;
        return { data: { isOn: since !== undefined, since: since ?? null }, text };
      }),
    );
}
