import type { OutboundView } from './loyalty-link.ts';
import { type Claim, pushOrder } from './loyalty-queue.ts';
import { addSentWords } from './sent-words.ts';
import type { SharedField } from './shared-fields.ts';
import type { WritableStore } from './store.ts';

/** What went out for a row that somebody else had taken over by then. */
export interface LateSending {
  claim: Claim;
  /** Whom the platform knows by now. */
  spaazaUserId: number;
  /** The view that was sent, and the fields of it that were. */
  sent: OutboundView;
  fields: readonly SharedField[];
  requestId: string;
}

/**
 * Has the platform told again what was sent late, as it is by now: whoever took the row over may have sent younger words
 * before these arrived. A customer who was erased meanwhile is erased over there once more, because late words make them anew.
 */
export async function sendAgain(
  store: WritableStore,
  { claim, spaazaUserId, sent, fields, requestId }: LateSending,
  now: string,
): Promise<void> {
  const { chainId, customerId } = claim;
  const order = pushOrder(chainId, customerId, requestId);
  // The row before the customer, as everybody locks them who works on one.
  await store.queue.enqueue([order], now);
  if ((await store.customers.lock(customerId)) === undefined) {
    await store.queue.enqueue([{ ...order, erasure: { spaazaUserId } }], now);
    return;
  }
  const row = await store.queue.find(chainId, customerId);
  await store.queue.noteLate(chainId, customerId, addSentWords(row?.sent ?? null, sent, fields));
}
