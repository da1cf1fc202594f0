import { parseCustomerId } from '../../accounts/customer-id.ts';
import type { Notice } from '../../accounts/take-notice.ts';
import { decodeBody } from './body.ts';
import { readUserInfo } from './fields.ts';
import { readMoment } from './read-moment.ts';
import { numberOf } from './read-number.ts';

type Members = Readonly<Record<string, unknown>>;

/** What else the platform tells of: nothing that an account keeps (spaaza 3.8). */
const otherTypes: ReadonlySet<string> = new Set([
  'shopper.transaction',
  'shopper.points-mutation',
  'shopper.loyalty-level-changed',
  'shopper.voucher-issued',
  'shopper.voucher-expiring',
  'phone_number_verification',
]);
const personTypes: ReadonlySet<string> = new Set(['shopper.opted-in', 'shopper.altered']);

/** The platform's id of the person that an event is about, as text; undefined when it is about nobody. */
export function subjectOf(event: Members): string | undefined {
  const userId = userIdIn(event);
  return isAboutPerson(event) && userId !== undefined ? String(userId) : undefined;
}

/**
 * Reads a webhook of a chain as it was kept. Not all names of events are published, so everything with the id of a person
 * (`user3813431`) is about that person's record, except what is known to be about something else. `created` stands in for a
 * missing time of the last change. The form of 2016 is read as far as its names explain themselves.
 */
export function readWebhook(chainId: number, body: string): Notice {
  const event = decodeBody(body, 'application/json');
  if (event.chain_id !== undefined && numberOf(event.chain_id) !== chainId) return { reason: 'it is of another chain' };
  if (!isAboutPerson(event)) return { reason: `it is about no person's record: ${typeOf(event)}` };
  const userId = userIdIn(event);
  if (userId === undefined) return { reason: 'it names nobody, or two people' };
  const statement = readUserInfo({ ...named(dataOf(event)), user_id: userId });
  // It would only ever be used for a new account, and a notice makes none.
  delete statement.password;
  const lastModifiedAt = statement.lastModifiedAt ?? readMoment(event.created);
  return { statement: { ...statement, ...(lastModifiedAt !== undefined && { lastModifiedAt }) } };
}

function isAboutPerson(event: Members): boolean {
  const type = typeof event.type === 'string' ? event.type : '';
  if (otherTypes.has(type)) return false;
  return personTypes.has(type) || eventUserId(event) !== undefined;
}

/** The id of the event and its data must not speak of different people. */
function userIdIn(event: Members): number | undefined {
  const { user_id, spaaza_id, id } = dataOf(event);
  const said = [eventUserId(event), ...[user_id ?? spaaza_id ?? id].map(parseCustomerId)].filter(
    (userId) => userId !== undefined,
  );
  return new Set(said).size === 1 ? said[0] : undefined;
}

/** The id of every event of a person is the same: "user" and the person's own. */
function eventUserId({ id }: Members): number | undefined {
  return typeof id === 'string' && id.startsWith('user') ? parseCustomerId(id.slice('user'.length)) : undefined;
}

function dataOf({ data }: Members): Members {
  return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Members) : {};
}

/** The names of 2016, where today's are not there. */
function named(data: Members): Members {
  if (data.spaaza_id === undefined) return data;
  const { firstname, lastname, did_opt_in, entity_code } = data;
  const isPlain = typeof entity_code === 'string' || typeof entity_code === 'number';
  const renamed = {
    first_name: firstname,
    last_name: lastname,
    programme_opted_in: did_opt_in,
    member_number: isPlain ? entity_code : undefined,
  };
  const given = Object.entries(renamed).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...data };
}

/** Only a plain word is shown to people: anything else could hold anybody's data. */
function typeOf({ type }: Members): string {
  return typeof type === 'string' && /^[\w.-]{1,128}$/.test(type) ? type : 'no type';
}
