import type { RequestContext } from './access.ts';
import type { AccountDeps } from './deps.ts';
import type { PlatformStatement } from './loyalty-platform.ts';
import type { NewInboxEntry } from './loyalty-queue.ts';

/** What a notice of the loyalty platform turns out to be: word about a person, or nothing for us and why. */
export type Notice = { statement: PlatformStatement } | { reason: string };

/**
 * Takes a notice of the loyalty platform in, to be worked on later, outside of the request that brought it. It is on disk
 * when this resolves. Gives false for content that was taken in before. Throws `storage_unavailable`.
 */
export async function takeNotice(
  deps: AccountDeps,
  notice: Pick<NewInboxEntry, 'chainId' | 'digest' | 'subject' | 'body'>,
  { requestId }: RequestContext,
): Promise<boolean> {
  return deps.store.transaction(({ inbox }) => inbox.insert({ ...notice, receivedAt: deps.now(), requestId }));
}
