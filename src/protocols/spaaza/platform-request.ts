import type { OutboundView } from '../../accounts/loyalty-link.ts';
import type { PlatformIdentity } from '../../accounts/loyalty-platform.ts';
import { type SharedField, viewMembersOf } from '../../accounts/shared-fields.ts';
import { fields, presentUserInfo } from './fields.ts';

/** Members of a request, flat (spaaza 3.5). */
export type RequestBody = Record<string, unknown>;

/**
 * add-user as an upsert: whoever has our customer id or the e-mail already is updated, so that a lost answer may be asked
 * for again. Keys that are not of `said` stay away, and those without a value, because nothing that the person may have told
 * others was emptied here.
 */
export function addUserBody(view: OutboundView, said: readonly SharedField[]): RequestBody {
  const person = personIn(view);
  const members = new Set<keyof OutboundView>([...said.flatMap(viewMembersOf), 'isMailingOffered']);
  const sent = fields.flatMap(({ wire, member }) =>
    member !== undefined && members.has(member) && person[wire] !== undefined ? [[wire, person[wire]] as const] : [],
  );
  const ids = { authentication_point_identifier: String(view.customerId), update_if_exists: true };
  return { ...Object.fromEntries(sent), ...ids };
}

/**
 * alter-user, identified by `user_id` alone; a username that differs from the one there is a rename (spaaza 3.6). A key
 * that is absent is left alone there, so that what others said in the meantime stays; a field without a value goes out as
 * "", which is how a shop says "none" (spaaza 2.5).
 */
export function alterUserBody(userId: number, view: OutboundView, changed: readonly SharedField[]): RequestBody {
  const person = personIn(view);
  const members = new Set(changed.flatMap(viewMembersOf));
  // Who says something about the newsletter was asked about it.
  if (members.has('isMailingSubscribed')) members.add('isMailingOffered');
  const sent = fields.flatMap(({ wire, member }) =>
    member !== undefined && members.has(member) ? [[wire, person[wire] ?? ''] as const] : [],
  );
  return { user_id: userId, ...Object.fromEntries(sent) };
}

/** The one identifier that get-user and delete-user are given. */
export function identifierOf(by: PlatformIdentity): Record<string, string> {
  if ('spaazaUserId' in by) return { user_id: String(by.spaazaUserId) };
  if ('customerId' in by) return { authentication_point_identifier: String(by.customerId) };
  return { username: by.email };
}

/** Our id goes by another name here, and add-user's published list has no such key (spaaza Q26). */
const ownIdName = 'webshop_customer_id';

/** What the user_info endpoints show, without our id. */
function personIn(view: OutboundView): RequestBody {
  const { [ownIdName]: _, ...person } = presentUserInfo(view);
  return person;
}
