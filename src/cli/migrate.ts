import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { printing } from './command-output.ts';
import { databaseFile } from './database-file.ts';

/** `foyer migrate`: brings the database's schema up to date, or tells what would run. */
export function migrate(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('migrate')
    .summary('bring the schema of the database up to date')
    .description(
      'Brings the schema of the database up to date. On PostgreSQL, run it before starting a new release; on SQLite ' +
        'every command does it by itself. Running it again does nothing.',
    )
    .option('--plan', 'show what would run, and run nothing')
    .option('--json', 'print one JSON document')
    .action(
      printing(async ({ plan = false }: { plan?: boolean }) => {
        const names = await run(env, plan);
        const verb = plan ? 'Would run' : 'Ran';
        const text =
          names.length === 0 ? 'The schema is up to date.' : names.map((name) => `${verb} ${name}`).join('\n');
        return { data: { isPlan: plan, migrations: names }, text };
      }),
    );
}

async function run(env: NodeJS.ProcessEnv, isPlan: boolean): Promise<string[]> {
  const config = loadConfig(env, 'tool');
  const file = databaseFile(config);
  // Opening a file makes it, and a plan makes nothing.
  if (isPlan && file !== undefined && !existsSync(file)) return allMigrations();
  const { composeAccounts } = await import('../app.ts');
  const { store } = composeAccounts({ config });
  try {
    return await (isPlan ? store.pendingMigrations() : store.migrate());
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
