import { type LoyaltyPlatform, LoyaltyPlatformError, type LoyaltyPlatforms } from '../accounts/loyalty-platform.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import { type Opened, withAccounts } from './open-accounts.ts';

export interface OpenedPlatforms extends Opened {
  platforms: LoyaltyPlatforms;
}

/**
 * Opens the database as `withAccounts` does, and beside it the loyalty platform of every chain whose link is on. Warnings
 * of the platform go to standard error, each once.
 */
export async function withPlatforms<T>(
  env: NodeJS.ProcessEnv,
  work: (opened: OpenedPlatforms) => Promise<T>,
): Promise<T> {
  return withAccounts(env, 'present', async (opened) => {
    const { createLoyaltyPlatforms } = await import('../protocols/spaaza/platforms.ts');
    const chains = () => opened.accounts.directory.topology.data.chains;
    const platforms = createLoyaltyPlatforms(opened.config, chains, { warn: warnOnce() });
    try {
      return await work({ ...opened, platforms });
    } finally {
      await platforms.close();
    }
  });
}

/**
 * The same for work on one chain, which need not be named while the link of only one is on. `cameTo` says, in a sentence,
 * how far the work got before the platform failed.
 */
export async function withPlatform<T>(
  env: NodeJS.ProcessEnv,
  chainId: number | undefined,
  work: (opened: OpenedPlatforms & { platform: LoyaltyPlatform }) => Promise<T>,
  cameTo: () => string = () => '',
): Promise<T> {
  return withPlatforms(env, async (opened) => {
    const { platforms, accounts } = opened;
    const ids = accounts.directory.topology.data.chains.map(({ id }) => id);
    const id = chainId ?? theOnlyChain(ids, (one) => platforms.platformOf(one) !== undefined);
    if (!ids.includes(id)) throw unknownChain(id);
    const platform = platforms.platformOf(id);
    if (platform === undefined) throw linkOff(id);
    try {
      return await work({ ...opened, platform });
    } catch (error) {
      throw explainPlatform(error, id, cameTo());
    }
  });
}

function theOnlyChain(ids: readonly number[], isOn: (id: number) => boolean): number {
  const on = ids.filter(isOn);
  if (on.length === 1) return on[0]!;
  if (on.length === 0 && ids.length === 1) return ids[0]!;
  const message =
    ids.length === 0
      ? 'The topology has no chain; foyer topology apply adds one.'
      : `Say which chain with --chain: ${(on.length > 0 ? on : ids).join(', ')}.`;
  throw new CommandError('usage', message, { exitCode: exitCodes.usage });
}

function unknownChain(id: number): CommandError {
  const message = `The topology has no chain ${id}; foyer topology show lists them.`;
  return new CommandError('chain_unknown', message, { exitCode: exitCodes.notFound });
}

function linkOff(id: number): CommandError {
  const message = `The link of chain ${id} is off: set FOYER_SPAAZA_SECRET_${id}, or FOYER_SPAAZA_SECRET_${id}_FILE.`;
  return new CommandError('link_off', message, { exitCode: exitCodes.usage });
}

function explainPlatform(error: unknown, chainId: number, cameTo: string): unknown {
  if (!(error instanceof LoyaltyPlatformError)) return error;
  const [code, message] = describePlatformError(error, chainId);
  return new CommandError(code, `${message}${cameTo === '' ? '' : ` ${cameTo}`}`, {
    exitCode: exitCodes.platform,
    cause: error,
  });
}

/** What a failure of the platform means to whoever runs Foyer, as a code and a sentence. */
export function describePlatformError(
  { kind, message }: LoyaltyPlatformError,
  chainId: number,
): [code: string, message: string] {
  switch (kind) {
    case 'chain':
      return [
        'platform_shuts_out',
        `Spaaza shuts chain ${chainId} out (${message}): check FOYER_SPAAZA_SECRET_${chainId}, and hostname and address of the chain.`,
      ];
    case 'transient':
      return ['platform_unavailable', `Spaaza could not be asked (${message}).`];
    default:
      return ['platform_refused', `Spaaza refused (${message}).`];
  }
}

function warnOnce(): (fields: object, message: string) => void {
  const seen = new Set<string>();
  return (fields, message) => {
    const { warnings } = fields as { warnings?: readonly string[] };
    const text = warnings === undefined ? message : `${message}: ${warnings.join(', ')}`;
    if (seen.has(text) || seen.size > 20) return;
    seen.add(text);
    process.stderr.write(`${text}\n`);
  };
}
