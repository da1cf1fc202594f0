import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import type { RequestContext } from '../accounts/access.ts';
import type { Accounts } from '../accounts/index.ts';
import { type Config, loadConfig } from '../config.ts';
import { prepareSchema, prepareTopology } from '../prepare-database.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';

export interface Opened {
  accounts: Accounts;
  config: Config;
  /** False while the database holds no store; the directory must not be asked for the topology then. */
  hasTopology: boolean;
  /** True when this very command gave the database its first topology. */
  hasCreatedTopology: boolean;
}

/**
 * What a command needs of the topology. `any`: nothing. `present`: it is refused without. `created`: an empty database
 * is given the default one, as by `serve`.
 */
export type TopologyNeed = 'any' | 'present' | 'created';

/** Opens the configured database with its schema up to date, runs some work with the verbs, and closes it again. */
export async function withAccounts<T>(
  env: NodeJS.ProcessEnv,
  need: TopologyNeed,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  // Loaded by need: `--help` must not load a database.
  const { composeAccounts } = await import('../compose-accounts.ts');
  const config = loadConfig(env, 'tool');
  const { accounts, deps, store } = composeAccounts({ config });
  try {
    await prepareSchema(store);
    const isEmpty = (await store.topology.read()).shops.length === 0;
    if (isEmpty && need === 'present') {
      const message = 'The database has no topology yet: run foyer topology apply FILE, or start foyer serve once.';
      throw new CommandError('no_topology', message, { exitCode: exitCodes.failed });
    }
    const isLoaded = !isEmpty || need === 'created';
    const hasCreatedTopology = isLoaded && (await prepareTopology(deps)).wasEmpty;
    return await work({ accounts, config, hasTopology: isLoaded, hasCreatedTopology });
  } finally {
    await store.close();
  }
}

/** Who acts in the history of what a command changes: the user of the operating system. */
export function operatorContext(): RequestContext {
  const requestId = `cli-${randomBytes(8).toString('hex')}`;
  return { actor: { kind: 'operator', name: operatorName() }, origin: 'operator', requestId };
}

function operatorName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run under numbers that no user has.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
