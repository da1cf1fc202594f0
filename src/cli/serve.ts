import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { runServer } from './run-server.ts';

/** `foyer serve`: a persistent instance, until SIGTERM or SIGINT. */
export function serve(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('serve')
    .summary('serve customers from the configured database')
    .description(
      'Serves the go~mus v4 and the Spaaza Magento 2 API from the configured database until SIGTERM or SIGINT, and then ' +
        'lets running requests finish. An SQLite database is made and brought up to date by itself; PostgreSQL needs ' +
        'foyer migrate first. An empty database is given a default topology: one website, one store.',
    )
    .action(async () => {
      const config = loadConfig(env, 'serve');
      const { composeApp } = await import('../app.ts');
      const app = composeApp({ config });
      const address = await runServer(app);
      app.logger.info({ address }, 'serving');
    });
}
