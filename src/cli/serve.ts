import { type App, composeApp } from '../app.ts';
import { loadConfig } from '../config.ts';
import { demoKey, demoOptions } from '../demo.ts';

/** `foyer serve`: a persistent instance, until SIGTERM or SIGINT. */
export async function serve(env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig(env, 'serve');
  const app = composeApp({ config });
  stopOnSignals(app, () => undefined);
  const address = await app.start();
  app.logger.info({ address }, 'serving');
}

/** `foyer demo`: the documented customers in a temporary database, on loopback only. */
export async function demo(env: NodeJS.ProcessEnv): Promise<void> {
  const config = loadConfig({ FOYER_LOG_LEVEL: 'warn', ...env }, 'demo');
  const options = demoOptions();
  const app = composeApp({ config, ...options });
  stopOnSignals(app, options.discard);
  const address = await app.start();
  process.stdout.write(demoBanner(address, options.directory));
}

function stopOnSignals(app: App, afterwards: () => void): void {
  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    app.logger.info({ signal }, 'stopping');
    app
      .stop()
      .catch((error: unknown) => {
        app.logger.error({ err: error }, 'stopping failed');
        process.exitCode = 1;
      })
      .finally(() => {
        afterwards();
        process.exit();
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function demoBanner(address: string, directory: string): string {
  return `
Foyer demo: one customer base, two APIs. Nothing here is kept; stop with Ctrl-C.

  go~mus v4       ${address}/api/v4/auth/sign_in
  Spaaza Magento  ${address}/rest/V1/spaaza/customer/user_info/1
  docs            ${address}/docs
  health          ${address}/health
  API key         ${demoKey}   (Authorization: Bearer ${demoKey})
  data            ${directory}

Try:
  curl '${address}/api/v4/auth/sign_in?locale=de' -H 'X-Shop-Url: demo-shop.gomus.de' \\
    --data-raw '{"email":"shop-customer@giantmonkey.de","password":"meowmeowmeow"}'
  curl ${address}/rest/V1/spaaza/customer/user_info/1 -H 'Authorization: Bearer ${demoKey}'

`;
}
