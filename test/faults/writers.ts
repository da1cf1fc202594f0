import { type Answer, headerOf, jsonOf, type Wanted } from './client.ts';
import { deviceHeaders, type House, type Person, partnerHeaders, password } from './house.ts';
import type { Contents } from './read-database.ts';

/**
 * Somebody who writes one thing after another and remembers what was acknowledged. What is sent but not answered may
 * have taken effect or not; nothing else may be in the database afterwards.
 */
export interface Writer {
  readonly kind: string;
  next(): Wanted;
  /** Tells what became of the last request: its answer when that was 200, else undefined. */
  settle(answer: Answer | undefined): void;
  /** What the database lacks or has too much of, in words; empty when all is as acknowledged. */
  faults(contents: Contents): string[];
}

/**
 * Writers of five kinds, each with a person of their own: sign-ups, changes of a name and of newsletter groups, and
 * updates from the platform, of which some create a customer and others change one. `label` sets what they create apart
 * from that of other crews on the same database.
 */
export function crewOf(house: House, size: number, label: string): Writer[] {
  const kinds = [signingUp, renaming, changingGroups, calling, creating, renaming, changingGroups, calling];
  return Array.from({ length: size }, (_, index) => {
    const person = house.people[index];
    if (person === undefined) throw new Error('A writer needs a person');
    return kinds[index % kinds.length]!(house, person, `${label}.${index}`);
  });
}

/** People who only look: the platform at a customer, a customer at their session. They have nothing to lose. */
export function readersOf(house: House, size: number): Writer[] {
  return house.people.slice(0, size).map((person, index) => {
    const [kind, wanted] =
      index % 2 === 0
        ? ['user_info', { line: `GET /rest/V1/spaaza/customer/user_info/${person.id}`, headers: partnerHeaders(house) }]
        : ['validate_token', { line: 'GET /api/v4/auth/validate_token', headers: deviceHeaders(person) }];
    return { kind, next: () => wanted, settle: () => undefined, faults: () => [] } as Writer;
  });
}

function signingUp(_house: House, _person: Person, label: string): Writer {
  const emailOf = (turn: number) => `new.${label}.${turn}@example.org`;
  return adding('sign-up', {
    emailOf,
    order: (turn) => ({
      line: 'POST /api/v4/auth',
      body: {
        email: emailOf(turn),
        password,
        password_confirmation: password,
        name: 'Ada',
        surname: 'Lovelace',
        newsletter_groups: '1,3',
      },
    }),
    idIn: (answer) => {
      if (headerOf(answer, 'access-token') === undefined) throw new Error('A sign-up without a token');
      return (jsonOf(answer).data as { id: number }).id;
    },
  });
}

let lastUserId = 1_000_000;

function creating(house: House, _person: Person, label: string): Writer {
  const emailOf = (turn: number) => `link.${label}.${turn}@example.org`;
  return adding('Spaaza create', {
    emailOf,
    order: (turn) => {
      lastUserId += 1; // above the ids of people, which serve as theirs over there
      return updateOf(house, {
        user_id: lastUserId,
        member_number: String(lastUserId),
        username: emailOf(turn),
        first_name: 'Ada',
        last_name: 'Lovelace',
        address_streetname: 'Dorpstraat',
        address_housenumber: '1',
        address_postalcode: '1000AA',
        address_towncity: 'Amsterdam',
        country_code: 'NL',
        mailing_list: { mailing_list_subscribed: true },
      });
    },
    idIn: (answer) => jsonOf(answer).id as number,
  });
}

function renaming(_house: House, person: Person): Writer {
  const nameAt = (step: number) => `Visitor ${step}`;
  return stepping('PUT name', {
    order: (step) => ({ line: 'PUT /api/v4/auth', headers: deviceHeaders(person), body: { name: nameAt(step) } }),
    shownAt: nameAt,
    stored: ({ customerByEmail }) => customerByEmail.get(person.email)?.given_name,
  });
}

const lists = ['1', '8,1', '4,3', '8,4,3,1', '', '5,2'];

function changingGroups(_house: House, person: Person): Writer {
  const listAt = (step: number) => lists[step % lists.length]!;
  return stepping('PUT newsletter_groups', {
    order: (step) => ({
      line: 'PUT /api/v4/auth',
      headers: deviceHeaders(person),
      body: { newsletter_groups: listAt(step) },
    }),
    shownAt: listAt,
    stored: ({ groupsById }) => groupsById.get(person.id) ?? '',
  });
}

function calling(house: House, person: Person): Writer {
  const phoneAt = (step: number) => (step === 0 ? undefined : `040 ${step}`);
  return stepping('Spaaza update', {
    order: (step) => updateOf(house, { user_id: person.id, username: person.email, phone_number: phoneAt(step) }),
    shownAt: phoneAt,
    stored: ({ customerByEmail }) => customerByEmail.get(person.email)?.phone ?? undefined,
  });
}

function updateOf(house: House, userInfo: Record<string, unknown>): Wanted {
  return {
    line: 'POST /rest/V1/spaaza/customer/update',
    headers: partnerHeaders(house),
    body: { user_info: userInfo, create_if_not_exists: true, spaaza_chain_id: 123 },
  };
}

/** A writer who adds one customer after another: each acknowledged one must be there under the id that was answered. */
function adding(
  kind: string,
  {
    emailOf,
    order,
    idIn,
  }: { emailOf(turn: number): string; order(turn: number): Wanted; idIn(answer: Answer): number },
): Writer {
  const acknowledged: { id: number; email: string }[] = [];
  let turn = 0;
  return {
    kind,
    next: () => {
      turn += 1;
      return order(turn);
    },
    settle: (answer) => {
      if (answer !== undefined) acknowledged.push({ id: idIn(answer), email: emailOf(turn) });
    },
    faults: ({ customerByEmail }) =>
      acknowledged
        .filter(({ id, email }) => customerByEmail.get(email)?.id !== id)
        .map(({ id, email }) => `${kind}: ${email} was acknowledged as ${id} and is ${customerByEmail.get(email)?.id}`),
  };
}

interface Steps {
  order(step: number): Wanted;
  /** How a step's effect looks in the database, and how it looks there now; step 0 is how it was furnished. */
  shownAt(step: number): string | undefined;
  stored(contents: Contents): string | undefined;
}

/** A writer whose steps replace each other: the last acknowledged one must be there, or one that was sent after it. */
function stepping(kind: string, { order, shownAt, stored }: Steps): Writer {
  let sent = 0;
  let acknowledged = 0;
  return {
    kind,
    next: () => {
      sent += 1;
      return order(sent);
    },
    settle: (answer) => {
      if (answer !== undefined) acknowledged = sent;
    },
    faults: (contents) => {
      const found = stored(contents);
      for (let step = acknowledged; step <= sent; step += 1) if (shownAt(step) === found) return [];
      return [`${kind}: step ${acknowledged} of ${sent} was acknowledged and ${JSON.stringify(found)} is stored`];
    },
  };
}
