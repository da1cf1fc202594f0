import { password, personOf, sessionOf } from './people.ts';
import { randomEvenIds, randomIds, writeRequest } from './requests.ts';
import { chainId, seededAt, shopHost } from './seed-facts.ts';
import type { Source, TargetFacts } from './workloads.ts';

/** The limit's read: one row by primary key. */
export function bareRead({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 11);
  return () => {
    const id = next();
    return {
      request: writeRequest('GET', `/customers/${id}`, host),
      status: 200,
      isRight: ({ body }) => body.includes(`{"id":${id},`),
    };
  };
}

/** The limit's change: the name of one row. */
export function bareChange({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 12);
  let turn = 0;
  return () => {
    turn += 1;
    const name = `Visitor ${turn}`;
    return {
      request: writeRequest('PUT', `/customers/${next()}`, host, [], { name }),
      status: 200,
      isRight: ({ body }) => body.includes(`{"name":"${name}"}`),
    };
  };
}

/** More connections than any workload has. */
const mostConnections = 100;
const spaazaPath = '/rest/V1/spaaza/customer';

export const userInfoById = (facts: TargetFacts): Source => userInfo(facts, (id) => `user_info/${id}`);

export const userInfoByEmail = (facts: TargetFacts): Source =>
  userInfo(facts, (_id, email) => `user_info_by_email/${email}`);

export const userInfoByChain = (facts: TargetFacts): Source =>
  userInfo(facts, (_id, email) => `user_info_by_email/${chainId}/${email}`);

function userInfo({ host, size, apiKey }: TargetFacts, pathOf: (id: number, email: string) => string): Source {
  const next = randomIds(size, 12);
  return () => {
    const id = next();
    const path = pathOf(id, encodeURIComponent(personOf(id).email));
    return {
      request: writeRequest('GET', `${spaazaPath}/${path}`, host, [bearer(apiKey)]),
      status: 200,
      isRight: ({ body }) => body.includes(`"webshop_customer_id":${id},`),
    };
  };
}

export function validateToken({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 13);
  return () => {
    const id = next();
    return {
      request: writeRequest('GET', '/api/v4/auth/validate_token', host, tokenHeaders(id)),
      status: 200,
      isRight: ({ body }) => body.includes(`"id":${id},`),
    };
  };
}

/** Devices that present what their last answer gave them. No two connections share one: each has its own remainder. */
export function validateRotatingToken({ host, size }: TargetFacts): Source {
  const tokens = new Map<number, string>();
  const next = randomIds(Math.floor(size / mostConnections), 22);
  return (connection) => {
    const id = next() * mostConnections - connection;
    return {
      request: writeRequest('GET', '/api/v4/auth/validate_token', host, tokenHeaders(id, tokens.get(id))),
      status: 200,
      isRight: ({ head, body }) => {
        const next = /\r\naccess-token: ([^\r\n]+)/i.exec(head)?.[1];
        const hasMoved = next !== undefined && next !== (tokens.get(id) ?? sessionOf(id).token);
        if (next !== undefined) tokens.set(id, next);
        return hasMoved && body.includes(`"id":${id},`);
      },
    };
  };
}

/** One of the first ten pages, as somebody would leaf through. */
export function listCustomers({ host, apiKey, size }: TargetFacts): Source {
  const next = randomIds(10, 14);
  return () => ({
    request: writeRequest('GET', `/api/v4/customers?page=${next()}&per_page=25`, host, partnerHeaders(apiKey)),
    status: 200,
    // Sign-ups add to the seeded customers.
    isRight: ({ body }) => Number(/"total_count":(\d+)/.exec(body.toString())?.[1]) >= size,
  });
}

/** Given and family name of a random customer: a few hits among ten thousand, hundreds among a million. */
export function searchCustomers({ host, apiKey, size }: TargetFacts): Source {
  const next = randomIds(size, 15);
  return () => {
    const { givenName, familyName } = personOf(next());
    const query = encodeURIComponent(`${givenName} ${familyName}`);
    return {
      request: writeRequest('GET', `/api/v4/customers?q=${query}`, host, partnerHeaders(apiKey)),
      status: 200,
      isRight: ({ body }) => body.includes(`"surname":"${familyName}"`),
    };
  };
}

/** Every request changes something: a customer's next list always differs from the one before. */
export function putNewsletterGroups({ host, size }: TargetFacts): Source {
  const next = randomEvenIds(size, 16);
  const lists = ['8,1', '4,3', '8,4,3,1', '5'];
  const turns = new Map<number, number>();
  return () => {
    const id = next();
    const turn = turns.get(id) ?? 0;
    turns.set(id, turn + 1);
    const groups = lists[turn % lists.length]!;
    return {
      request: writeRequest('PUT', '/api/v4/auth', host, tokenHeaders(id), { newsletter_groups: groups }),
      status: 200,
      isRight: ({ body }) => body.includes(`"newsletter_groups":"${groups}"`),
    };
  };
}

export function putName({ host, size }: TargetFacts): Source {
  const next = randomEvenIds(size, 17);
  let turn = 0;
  return () => {
    const id = next();
    turn += 1;
    const name = `Visitor ${turn}`;
    return {
      request: writeRequest('PUT', '/api/v4/auth', host, tokenHeaders(id), { name }),
      status: 200,
      isRight: ({ body }) => body.includes(`"name":"${name}"`),
    };
  };
}

export const spaazaChange = (facts: TargetFacts): Source => {
  const next = randomEvenIds(facts.size, 18);
  let turn = 0;
  return () => {
    turn += 1;
    const phone = `040 ${5_000_000 + turn}`;
    return spaazaUpdate(facts, next(), { phone_number: phone }, `"telephone":"${phone}"`);
  };
};

/** An odd customer as seeded: nothing else ever changes those. */
export const spaazaNoChange = (facts: TargetFacts): Source => {
  const next = randomEvenIds(facts.size, 19);
  const shown = `"updated_at":"${seededAt.slice(0, 19).replace('T', ' ')}"`;
  return () => spaazaUpdate(facts, next() - 1, {}, shown);
};

function spaazaUpdate({ host, apiKey }: TargetFacts, id: number, changes: object, shown: string) {
  const person = personOf(id);
  const userInfo = {
    user_id: person.spaazaUserId,
    member_number: person.memberNumber,
    username: person.email,
    address_streetname: person.street,
    address_housenumber: person.houseNumber,
    address_housenumber_extension: null,
    address_postalcode: person.postcode,
    address_towncity: person.city,
    birthday: `${person.birthday}T00:00:00+00:00`,
    country_code: person.countryCode,
    gender: person.gender.token,
    mailing_list: {
      mailing_list_sub_offered: true,
      mailing_list_subscribed: true,
      printed_mailing_list_subscribed: false,
    },
    opt_in_programme: { programme_opted_in: true },
    phone_number: person.phone,
    ...changes,
  };
  const body = { user_info: userInfo, create_if_not_exists: false, spaaza_chain_id: chainId };
  return {
    request: writeRequest('POST', `${spaazaPath}/update`, host, [bearer(apiKey)], body),
    status: 200,
    isRight: (answer: { body: Buffer }) => answer.body.includes(`{"id":${id},`) && answer.body.includes(shown),
  };
}

export function signIn({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 20);
  return () => {
    const id = next();
    const body = { email: personOf(id).email, password };
    return {
      request: writeRequest('POST', '/api/v4/auth/sign_in', host, [shop], body),
      status: 200,
      isRight: (answer) => answer.body.includes(`"id":${id},`) && /\r\naccess-token: /i.test(answer.head),
    };
  };
}

export function authenticate({ host, size, apiKey }: TargetFacts): Source {
  const next = randomIds(size, 21);
  return () => {
    const id = next();
    const body = { email: personOf(id).email, password, spaaza_chain_id: chainId };
    return {
      request: writeRequest('POST', `${spaazaPath}/authenticate`, host, [bearer(apiKey)], body),
      status: 200,
      isRight: (answer) => answer.body.includes(`{"authenticated":true,"customer_id":${id},`),
    };
  };
}

export function signUp({ host }: TargetFacts): Source {
  let turn = 0;
  return () => {
    turn += 1;
    const email = `new.visitor.${turn}@example.org`;
    const body = { email, password, password_confirmation: password, name: 'New', surname: 'Visitor' };
    return {
      request: writeRequest('POST', '/api/v4/auth', host, [shop], body),
      status: 200,
      isRight: (answer) => answer.body.includes(`"email":"${email}"`),
    };
  };
}

const shop = `X-Shop-Url: ${shopHost}`;
const bearer = (apiKey: string): string => `Authorization: Bearer ${apiKey}`;
const partnerHeaders = (apiKey: string): string[] => [shop, bearer(apiKey)];

function tokenHeaders(id: number, token = sessionOf(id).token): string[] {
  const { clientId } = sessionOf(id);
  const device = [`access-token: ${token}`, 'token-type: Bearer', `client: ${clientId}`, `uid: ${personOf(id).email}`];
  return [shop, ...device];
}
