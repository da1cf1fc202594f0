import { type Command, InvalidArgumentError } from 'commander';
import { hostName, httpUrl, type Kind, spaazaCredential, wholeNumber } from '../config-kinds.ts';
import type { FakeSpaaza, FakeSpaazaOptions } from '../fake/spaaza.ts';
import { CommandError } from './command-error.ts';
import { printing } from './command-output.ts';
import { exitCodes } from './exit-code.ts';

interface Options {
  host: string;
  port: number;
  chain: number;
  key: string;
  hostname: string;
  webhook?: string;
  webhookSecret: string;
}

/** `foyer fake spaaza`: a stand-in of the loyalty platform, until SIGTERM or SIGINT. */
export function fakeSpaaza(fake: Command): void {
  fake
    .command('spaaza')
    .summary('stand in for the loyalty platform')
    .description(
      'Serves get-user, add-user, alter-user and delete-user of the Spaaza API for one chain from memory, with switches ' +
        'under /_fake to make it slow, down, throttling, forgetful or wrong, until SIGTERM or SIGINT. The switches ask for ' +
        'no credential: it listens on loopback unless --host says otherwise. Never put real people into it.',
    )
    .option('--port <port>', 'port to listen on; 0 takes any free one', as(wholeNumber(0, 65_535)), 8090)
    .option('--host <host>', 'address to listen on', as(hostName), '127.0.0.1')
    .option('--chain <id>', 'id of the chain it speaks for', as(wholeNumber(1, 2_147_483_647)), 123)
    .option('--key <key:secret>', 'credential it accepts', textOf(spaazaCredential), 'fake-key:fake-secret')
    .option('--hostname <name>', 'app hostname of the chain', as(hostName), 'demo.spaaza.com')
    .option('--webhook <url>', 'where it tells of changed people', as(httpUrl))
    .option('--webhook-secret <secret>', 'signs what it tells', 'fake-webhook-secret')
    .option('--json', 'print one JSON document')
    .action(
      printing(async (options: Options) => {
        const { host, port, chain: chainId, key: credential, hostname, webhook: url, webhookSecret: secret } = options;
        const webhook = url === undefined ? undefined : { url, secret };
        const running = await start({ host, port, chainId, credential, hostname, webhook });
        stopOnSignals(running);
        return { data: { url: running.url, chainId, credential, hostname }, text: banner(running) };
      }),
    );
}

async function start(options: FakeSpaazaOptions): Promise<FakeSpaaza> {
  const { startFakeSpaaza } = await import('../fake/spaaza.ts');
  try {
    return await startFakeSpaaza(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const message =
      code === 'EADDRINUSE'
        ? `Port ${options.port} is in use; --port takes another.`
        : `Cannot listen on ${options.host}, port ${options.port} (${code}); --host and --port take others.`;
    throw new CommandError('cannot_listen', message, { exitCode: exitCodes.usage, cause: error });
  }
}

function stopOnSignals(running: FakeSpaaza): void {
  const stop = (): void => {
    running.stop().finally(() => process.exit(exitCodes.ok));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

function banner({ url, chainId, credential, hostname }: FakeSpaaza): string {
  return `
Spaaza stand-in: people live in memory, nothing is kept; stop with Ctrl-C.

  API       ${url}   chain ${chainId}, app hostname ${hostname}
  people    ${url}/_fake/users
  requests  ${url}/_fake/requests
  switches  ${url}/_fake/behaviour

Point a Foyer whose topology has the chain at it:
  FOYER_SPAAZA_API_${chainId}=${url} FOYER_SPAAZA_SECRET_${chainId}=${credential} npm run demo

Take it down, and up again:
  curl -X PUT ${url}/_fake/behaviour -H 'Content-Type: application/json' -d '{"down":true}'
  curl -X PUT ${url}/_fake/behaviour -H 'Content-Type: application/json' -d '{}'

`;
}

/** Reads an option as the settings of the same kind are read. */
function as<Value>(kind: Kind<Value>): (text: string) => Value {
  return (text) => {
    const value = kind.parse(text);
    if (value === undefined) throw new InvalidArgumentError(`It must be ${kind.allowed}.`);
    return value;
  };
}

function textOf(kind: Kind<unknown>): (text: string) => string {
  const read = as(kind);
  return (text) => {
    read(text);
    return text;
  };
}
