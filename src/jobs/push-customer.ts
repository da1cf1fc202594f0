import { acknowledgePush } from '../accounts/acknowledge-push.ts';
import type { AccountDeps } from '../accounts/deps.ts';
import { fieldsToSend } from '../accounts/fields-to-send.ts';
import { heardSoFar } from '../accounts/loyalty-agreement.ts';
import { digestOf, type OutboundView, outboundView } from '../accounts/loyalty-link.ts';
import { LoyaltyPlatformError, type PlatformCall } from '../accounts/loyalty-platform.ts';
import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import { addSentWords } from '../accounts/sent-words.ts';
import { type SharedField, viewMembersOf } from '../accounts/shared-fields.ts';
import { tombstoneDigest } from '../accounts/tombstones.ts';
import { type Attempt, type BothSides, contextOf, finish, type JobTools, NotYet } from './job.ts';

/**
 * Tells the platform of a customer as they are by now, unless both sides agree already, and ends the work on the row. Throws
 * as `workOn` does.
 */
export async function pushCustomer(
  { deps, platform, count }: JobTools,
  row: QueueRow,
  sides: BothSides | undefined,
  claim: Claim,
  call: PlatformCall,
  attempt: Attempt,
): Promise<void> {
  const { chainId, customerId } = row;
  const { store } = deps;
  if (sides === undefined) {
    count('push', 'nobody');
    return finish(deps, claim);
  }
  const view = outboundView(sides.profile);
  const { spaazaUserId, agreedDigest } = sides.profile.link;
  if (digestOf(view).agreedDigest === agreedDigest && row.sent === null) {
    // After a pull alone it was nobody's wish to send something.
    if (row.wantsPush) count('push', 'skipped');
    return finish(deps, claim);
  }
  const isNew = spaazaUserId === null;
  if (isNew && (await store.tombstones.find(chainId, customerId)) !== undefined) {
    count('push', 'withheld');
    return finish(deps, claim);
  }
  const fields = fieldsOf(row, sides, view);
  attempt.payload = maskedJson(view, fields);
  if (isNew) await waitForErasure(deps, chainId, view.email);
  const noted = addSentWords(row.sent, view, fields);
  // Whoever has the row by now sends it.
  if (!(await store.transaction(({ queue }) => queue.noteSent(claim, noted)))) return;
  const user = isNew
    ? await platform.addUser(view, fields, call)
    : await platform.alterUser(spaazaUserId, view, fields, call);
  const pushed = {
    claim,
    spaazaUserId,
    sent: view,
    fields,
    sentBefore: row.sent,
    heardBefore: heardSoFar(sides.known),
    user,
  };
  const outcome = await acknowledgePush(deps, pushed, contextOf(row, 'push'));
  if (outcome === 'taken') {
    throw new LoyaltyPlatformError('refused', 'The platform says that this is the person of another customer', {
      codeName: 'tied_to_another_customer',
    });
  }
  if (outcome !== 'lost') count('push', 'acknowledged');
}

/**
 * Who was erased here and signs up again with the same e-mail must not be tied to the person that is yet to be erased over
 * there, or the erasure would hit the new account.
 */
async function waitForErasure({ store }: AccountDeps, chainId: number, email: string): Promise<void> {
  const tombstone = await store.tombstones.findByEmail(chainId, tombstoneDigest(email));
  if (tombstone === undefined) return;
  const row = await store.queue.find(chainId, tombstone.customerId);
  if (row?.erasure && row.state === 'waiting') throw new NotYet(5);
}

/** What an operator is shown of a push that is given up before it was tried. */
export function payloadOf(row: QueueRow, sides: BothSides): string {
  const view = outboundView(sides.profile);
  return maskedJson(view, fieldsOf(row, sides, view));
}

function fieldsOf({ sent }: QueueRow, sides: BothSides, view: OutboundView): readonly SharedField[] {
  return fieldsToSend(view, { consentsOfNewcomer: sides.consentsOfNewcomer, agreed: sides.known?.view, sent });
}

/** Says which fields would have been sent, and none of their values. */
function maskedJson(view: OutboundView, fields: readonly SharedField[]): string {
  const members = fields.flatMap(viewMembersOf).filter((member) => view[member] !== undefined);
  return JSON.stringify(Object.fromEntries(members.map((member) => [member, '***'])));
}
