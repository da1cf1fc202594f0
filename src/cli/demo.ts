import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { runServer } from './run-server.ts';

/** `foyer demo`: the documented customers in a temporary database, on loopback only. */
export function demo(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('demo')
    .summary('serve the documented customers from a temporary database')
    .description(
      'Serves the customers of the go~mus and Spaaza documents from a temporary database, on this machine only, with a ' +
        'fixed API key, and shows calls to try. Nothing is kept.',
    )
    .action(async () => {
      const config = loadConfig({ FOYER_LOG_LEVEL: 'warn', ...env }, 'demo');
      const [{ composeApp }, { demoKey, demoOptions }] = await Promise.all([import('../app.ts'), import('../demo.ts')]);
      const options = demoOptions();
      process.on('exit', options.discard);
      const address = await runServer(composeApp({ config, ...options }));
      process.stdout.write(banner(address, demoKey, options.directory));
    });
}

function banner(address: string, key: string, directory: string): string {
  return `
Foyer demo: one customer base, two APIs. Nothing here is kept; stop with Ctrl-C.

  go~mus v4       ${address}/api/v4/auth/sign_in
  Spaaza Magento  ${address}/rest/V1/spaaza/customer/user_info/1
  docs            ${address}/docs
  health          ${address}/health
  API key         ${key}   (Authorization: Bearer ${key})
  data            ${directory}

Try:
  curl '${address}/api/v4/auth/sign_in?locale=de' -H 'X-Shop-Url: demo-shop.gomus.de' \\
    --data-raw '{"email":"shop-customer@giantmonkey.de","password":"meowmeowmeow"}'
  curl ${address}/rest/V1/spaaza/customer/user_info/1 -H 'Authorization: Bearer ${key}'

`;
}
