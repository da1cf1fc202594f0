import { Command } from 'commander';
import { release } from '../release.ts';

/** Reads the command line and runs one command. Modules are loaded by need: `--help` must not open a database. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('foyer').description("One front door for an organisation's customers").version(release);
  program
    .command('serve')
    .description('serve a persistent instance')
    .action(async () => (await import('./serve.ts')).serve(process.env));
  program
    .command('demo')
    .description('serve the documented customers from a temporary database, on loopback')
    .action(async () => (await import('./serve.ts')).demo(process.env));
  await program.parseAsync(argv);
}
