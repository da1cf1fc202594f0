import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { isMissingFile } from '../storage/missing-file.ts';
import { printing } from './command-output.ts';
import { databaseFile } from './database-file.ts';

/** `foyer migrate`: brings the database's schema up to date, or tells what would run. */
export function migrate(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('migrate')
    .summary('bring the schema of the database up to date')
    .description(
      'Brings the schema of the database up to date, and fills what that brought. On PostgreSQL, run it before ' +
        'starting a new release; on SQLite the server and the commands that use the data do it by themselves. ' +
        'Running it again does nothing.',
    )
    .option('--plan', 'show what would run, and run nothing')
    .option('--json', 'print one JSON document, and no progress')
    .action(
      printing(async ({ plan = false, json = false }: { plan?: boolean; json?: boolean }) => {
        // A million customers take minutes.
        const onProgress = (done: number): void => {
          if (!json) process.stderr.write(`${done.toLocaleString('en')} customers are searchable so far.\n`);
        };
        const { names, customers } = await run(env, plan, onProgress);
        const verb = plan ? 'Would run' : 'Ran';
        const lines = names.map((name) => `${verb} ${name}`);
        if (names.length === 0) lines.push('The schema is up to date.');
        if (customers > 0) lines.push(`Made ${customers.toLocaleString('en')} customers searchable.`);
        return { data: { isPlan: plan, migrations: names, indexedCustomers: customers }, text: lines.join('\n') };
      }),
    );
}

async function run(
  env: NodeJS.ProcessEnv,
  isPlan: boolean,
  onProgress: (customers: number) => void,
): Promise<{ names: string[]; customers: number }> {
  const config = loadConfig(env, 'tool');
  const file = databaseFile(config);
  // Opening a file makes it, and a plan makes nothing.
  if (isPlan && file !== undefined && isMissingFile(file)) return { names: await allMigrations(), customers: 0 };
  const [{ composeAccounts }, { catchUp }] = await Promise.all([
    import('../compose-accounts.ts'),
    import('../accounts/catch-up.ts'),
  ]);
  const { store } = composeAccounts({ config });
  try {
    if (isPlan) return { names: await store.pendingMigrations(), customers: 0 };
    const names = await store.migrate();
    // What is being moved in must stay as it is at the source.
    return { names, customers: (await store.isBeingMovedInto()) ? 0 : await catchUp(store, onProgress) };
  } finally {
    await store.close();
  }
}

async function allMigrations(): Promise<string[]> {
  const [{ migrationsFor }, { sqliteColumns }] = await Promise.all([
    import('../storage/migrations/index.ts'),
    import('../storage/column-types.ts'),
  ]);
  return Object.keys(migrationsFor(sqliteColumns));
}
