import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError } from './errors.ts';
import type { ChainState } from './loyalty-queue.ts';
import { requireOperator } from './require-scope.ts';

/**
 * Ends the pause of a chain that the platform had shut out, after its credential or configuration was mended: servers try
 * again at once, with one customer first. Gives how the chain fared. Throws `forbidden` to all but operators, and
 * `chain_not_configured`.
 */
export async function resumeChain(
  { store, directory }: AccountDeps,
  { chainId }: { chainId: number },
  context: RequestContext,
): Promise<ChainState> {
  requireOperator(context);
  if (!directory.topology.data.chains.some(({ id }) => id === chainId)) throw new AccountError('chain_not_configured');
  return store.transaction(async ({ chainStates }) => {
    const before = await chainStates.find(chainId);
    // That it was paused is remembered until something succeeds: the next pause is longer then.
    if (before.pausedUntil !== null) await chainStates.save(chainId, { pausedUntil: null, pauseReason: null });
    return before;
  });
}
