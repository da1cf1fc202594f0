import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeSpaaza, startFakeSpaaza } from './spaaza.ts';

let fake: FakeSpaaza;

beforeEach(async () => {
  fake = await startFakeSpaaza({ now: () => new Date('2026-03-04T05:06:07.890Z') });
});
afterEach(() => fake.stop());

/** The members of the various answers that are looked into; not every answer has them. */
interface Said {
  result: { code: number };
  error: { code: number };
  results: { user_info: { user_id: number; [name: string]: unknown }; [name: string]: unknown };
  user_id: number;
  [name: string]: unknown;
}

interface Answer {
  status: number;
  body: Said;
  headers: Headers;
}

const good = {
  authorization: 'Bearer fake-key:fake-secret',
  'x-spaaza-myprice-app-hostname': 'demo.spaaza.com',
  'x-spaaza-api-version': '1.6.3',
};

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = good,
): Promise<Answer> {
  const answer = await fetch(`${fake.url}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: said.startsWith('{') || said.startsWith('[') ? JSON.parse(said) : said,
  };
}

const add = (body: object) => call('POST', '/internal/add-user', body);
const get = (query: string) => call('GET', `/internal/get-user?${query}`);
const infoOf = ({ body }: Answer) => body.results.user_info;

const ada = { username: 'Ada@example.org', first_name: 'Ada', authentication_point_identifier: '7' };

describe('the stand-in of Spaaza', () => {
  it('shows a person it was told of in the form of its answers', async () => {
    const added = await add({
      ...ada,
      birthday: '1990-02-03',
      mailing_list_subscribed: true,
      address_housenumber: '8',
    });
    expect(added.status).toBe(200);
    expect(added.body).toMatchObject({
      result: { code: 1, status: 'ok' },
      results: { result_type: 'add-user', updated_existing_user: false },
    });
    const { body } = await get('authentication_point_identifier=7');
    expect(body.results.result_type).toBe('get-user');
    expect(body.results.user_info).toMatchObject({
      id: 3000001,
      user_id: 3000001,
      username: 'Ada@example.org',
      last_name: null,
      birthday: '1990-02-03',
      member_number: '993000001',
      entity_code: { code: '993000001', type: 'custom' },
      mailing_list: { mailing_list_subscribed: true, printed_mailing_list_subscribed: false },
      opt_in_programme: { programme_opted_in: false },
      last_modified_date: '2026-03-04 05:06:07',
    });
    expect(body.results.user_info).not.toHaveProperty('obfuscated');
  });

  it('updates the person with the same shop id or username when asked to, and refuses a second one otherwise', async () => {
    const first = infoOf(await add(ada)).user_id;
    expect(await add({ ...ada, first_name: 'Eve' })).toMatchObject({ status: 400, body: { error: { code: 9001 } } });
    const byName = await add({ username: 'ada@EXAMPLE.org', last_name: 'Lovelace', update_if_exists: true });
    expect(byName.body.results).toMatchObject({ updated_existing_user: true, user_info: { user_id: first } });
    const byShopId = await add({ ...ada, username: 'new@example.org', update_if_exists: true });
    expect(infoOf(byShopId)).toMatchObject({
      user_id: first,
      username: 'new@example.org',
      first_name: 'Ada',
      last_name: 'Lovelace',
    });
    expect(fake.users()).toHaveLength(1);
  });

  it('renames by user_id, empties what is sent as "", leaves what is not sent, and takes no name that is taken', async () => {
    const { user_id } = infoOf(await add({ ...ada, phone_number: '1', gender: 'F' }));
    await add({ username: 'eve@example.org' });
    const altered = await call('PUT', '/internal/alter-user', { user_id, username: 'b@example.org', phone_number: '' });
    expect(infoOf(altered)).toMatchObject({ username: 'b@example.org', phone_number: null, gender: 'F' });
    expect((await get('username=ada@example.org')).status).toBe(500);
    expect(infoOf(await get('username=B@example.org')).user_id).toBe(user_id);
    const clash = await call('PUT', '/internal/alter-user', { user_id, username: 'EVE@example.org' });
    expect(clash).toMatchObject({ status: 400, body: { error: { code: 9001 } } });
  });

  it('makes a deleted person unrecognisable, keeps the id, and shows it', async () => {
    const { user_id } = infoOf(
      await add({ ...ada, country_code: 'NL', phone_number: '1', mailing_list_subscribed: true }),
    );
    const deleted = await fetch(`${fake.url}/delete-user`, {
      method: 'DELETE',
      headers: { ...good, 'content-type': 'application/x-www-form-urlencoded' },
      body: `user_id=${user_id}`,
    });
    expect(deleted.status).toBe(200);
    expect(infoOf(await get(`user_id=${user_id}`))).toMatchObject({
      user_id,
      obfuscated: true,
      first_name: 'Deleted',
      last_name: 'Deleted',
      username: `${user_id}@deleted.spaaza.com`,
      authentication_point_identifier: null,
      country_code: 'NL',
      phone_number: null,
      mailing_list: { mailing_list_subscribed: false },
    });
    expect((await get('username=ada@example.org')).body.error.code).toBe(68);
    expect((await call('PUT', '/internal/alter-user', { user_id, first_name: 'Ada' })).body.error.code).toBe(68);
    expect(infoOf(await add(ada)).user_id).not.toBe(user_id);
  });

  it.each([
    ['no credential', { ...good, authorization: '' }, 401, 6],
    ['a wrong credential', { ...good, authorization: 'Bearer fake-key:guess' }, 401, 6],
    ['no app hostname', { ...good, 'x-spaaza-myprice-app-hostname': '' }, 400, 269],
    ['the hostname of another app', { ...good, 'x-spaaza-myprice-app-hostname': 'other.spaaza.com' }, 400, 269],
  ])('refuses %s', async (_what, headers, status, code) => {
    const { body, ...answer } = await call('GET', '/internal/get-user?user_id=1', undefined, headers);
    expect([answer.status, body.result.code, body.error.code]).toEqual([status, 2, code]);
    expect(fake.requests()).toEqual([]);
  });

  it.each([['1.3.9'], ['']])('gives errors as a map by code to version "%s"', async (version) => {
    const headers = { ...good, 'x-spaaza-api-version': version };
    const { body } = await call('GET', '/internal/get-user?user_id=1', undefined, headers);
    expect(body).toMatchObject({ result: { code: 0 }, errors: { 68: { name: 'permission_denied_or_non_existent' } } });
    expect(body).not.toHaveProperty('error');
  });

  it('refuses the wrong method, and values that cannot be', async () => {
    expect(await call('POST', '/internal/get-user', {})).toMatchObject({ status: 405, body: { error: { code: 4 } } });
    for (const [wrong, code] of [
      [{ username: 'nobody' }, 9002],
      [{ ...ada, birthday: '3.2.1990' }, 9003],
      [{ ...ada, country_code: 'Holland' }, 9004],
      [{ ...ada, first_name: { is: 'Ada' } }, 9006],
    ] as const) {
      expect((await add(wrong)).body.error.code).toBe(code);
    }
    expect(fake.users()).toEqual([]);
  });

  it('notes what it carried out, in order and by person, and counts what it did not', async () => {
    const { user_id } = infoOf(await add(ada));
    await add({ username: 'eve@example.org' });
    await get('user_id=1');
    await call('PUT', '/internal/alter-user', { user_id, first_name: 'A.' }, { ...good, 'x-request-id': 'r-1' });
    expect(fake.requests().map((entry) => [entry.sequence, entry.endpoint, entry.userSequence])).toEqual([
      [1, 'add-user', 1],
      [2, 'add-user', 1],
      [3, 'alter-user', 2],
    ]);
    expect(fake.requests(user_id).at(-1)).toMatchObject({
      identity: { by: 'user_id', value: String(user_id) },
      requestId: 'r-1',
      apiVersion: '1.6.3',
      parameters: { first_name: 'A.' },
    });
    expect(fake.stats()).toMatchObject({ requests: 4, refused: 1 });
    const overHttp = await call('GET', `/_fake/requests?user_id=${user_id}`);
    expect(overHttp.body).toEqual(fake.requests(user_id));
    expect((await call('DELETE', '/_fake/journal')).status).toBe(204);
    expect(fake.requests()).toEqual([]);
    expect(fake.stats().requests).toBe(0);
  });
});

describe('the switches of the stand-in', () => {
  const behave = (behaviour: unknown) => call('PUT', '/_fake/behaviour', behaviour);

  it('are off again when the next setting leaves them out', async () => {
    expect((await behave({ status: 503 })).body).toMatchObject({ status: 503, down: false });
    expect((await add(ada)).status).toBe(503);
    await behave({});
    expect((await add(ada)).status).toBe(200);
  });

  it('refuse what they do not know', async () => {
    for (const wrong of [{ slow: true }, { delayMs: 'long' }, { failureRate: 2 }, { flapping: { upMs: 1 } }, []]) {
      expect((await behave(wrong)).status).toBe(400);
    }
    expect((await call('GET', '/_fake/behaviour')).body.delayMs).toBe(0);
  });

  it('cut connections, before the request or behind it', async () => {
    await behave({ down: true });
    await expect(add(ada)).rejects.toThrow();
    expect(fake.users()).toHaveLength(0);
    await behave({ loseAnswer: true });
    await expect(add(ada)).rejects.toThrow();
    expect(fake.users()).toHaveLength(1);
  });

  it('flap by the clock', async () => {
    await behave({ flapping: { upMs: 0, downMs: 60_000 } });
    await expect(add(ada)).rejects.toThrow();
    await behave({ flapping: { upMs: 60_000, downMs: 60_000 } });
    expect((await add(ada)).status).toBe(200);
  });

  it('throttle with Retry-After, and answer with any code of either format', async () => {
    await behave({ throttle: { retryAfter: 7 } });
    const throttled = await add(ada);
    expect([throttled.status, throttled.headers.get('retry-after')]).toEqual([429, '7']);
    await behave({ errorCode: 5, status: 503 });
    expect(await add(ada)).toMatchObject({ status: 503, body: { error: { code: 5 } } });
    await behave({ errorCode: 1234 });
    expect(await add(ada)).toMatchObject({ status: 400, body: { error: { code: 1234 } } });
  });

  it('hit only the endpoints and people they are narrowed to, and only the share they are given', async () => {
    await behave({ status: 502, only: { endpoints: ['add-user'], people: ['eve@example.org'] } });
    expect((await add(ada)).status).toBe(200);
    expect((await add({ username: 'eve@example.org' })).status).toBe(502);
    expect((await get('username=eve@example.org')).status).toBe(500);
    await behave({ status: 502, failureRate: 0 });
    expect((await add({ username: 'eve@example.org' })).status).toBe(200);
  });

  it('carry everything out twice', async () => {
    await behave({ duplicate: true });
    const { body } = await add({ ...ada, update_if_exists: true });
    expect(body.results.updated_existing_user).toBe(true);
    expect(fake.requests().map(({ userSequence }) => userSequence)).toEqual([1, 2]);
    expect(fake.users()).toHaveLength(1);
  });

  it('wrap answers as old versions did, add warnings, and say "nobody" in another way', async () => {
    await behave({ wrapped: true, warnings: ['voucher_not_found'], nobody: 'status' });
    const { body } = await add(ada);
    expect(body).toMatchObject([{ result: { code: 1 }, warnings: [{ name: 'voucher_not_found' }] }]);
    expect((await get('user_id=1')).status).toBe(404);
  });

  it('change, make and erase people as if in the platform', async () => {
    const made = await call('POST', '/_fake/users', ada);
    const path = `/_fake/users/${made.body.user_id}`;
    expect((await call('PUT', path, { first_name: 'Augusta', programme_opted_in: true })).body).toMatchObject({
      first_name: 'Augusta',
      opt_in_programme: { programme_opted_in: true },
    });
    expect((await call('DELETE', path)).body).toMatchObject({ obfuscated: true });
    expect((await call('GET', path)).body).toEqual(fake.user(made.body.user_id));
    expect((await call('GET', '/_fake/users')).body).toEqual(fake.users());
    expect((await call('GET', '/_fake/users/1')).status).toBe(404);
    expect(fake.requests()).toEqual([]);
    await call('DELETE', '/_fake/users');
    expect(fake.users()).toEqual([]);
  });
});

describe('the webhooks of the stand-in', () => {
  let receiver: Server;
  let received: { signature: unknown; body: string }[];

  beforeEach(async () => {
    received = [];
    receiver = createServer(async (request, response) => {
      received.push({ signature: request.headers['x-spaaza-hmac-sha256'], body: await text(request) });
      response.end();
    });
    await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    expect((await call('PUT', '/_fake/webhook', { url, secret: 'shh' })).status).toBe(204);
  });
  afterEach(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  it('tell of every change, signed over the raw body, with the member number as an object', async () => {
    const id = fake.addUser({ ...ada, birthday: '1990-02-03' });
    await fake.webhooksSettled();
    fake.changeUser(id, { programme_opted_in: true });
    await fake.webhooksSettled();
    fake.eraseUser(id);
    await fake.webhooksSettled();
    expect(received.map(({ body }) => JSON.parse(body).type)).toEqual([
      'shopper.altered',
      'shopper.opted-in',
      'shopper.opted-in',
    ]);
    for (const { signature, body } of received) {
      expect(signature).toBe(createHmac('sha256', 'shh').update(body).digest('base64'));
    }
    expect(JSON.parse(received[0]!.body)).toMatchObject({
      id: `user${id}`,
      chain_id: 123,
      created: '2026-03-04T05:06:07+00:00',
      data: {
        user_id: id,
        birthday: '1990-02-03T00:00:00+00:00',
        member_number: { code: `99${id}`, type: 'custom' },
      },
    });
    expect(JSON.parse(received[2]!.body).data.obfuscated).toBe(true);
    expect(fake.deliveries().map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('come twice when everything does', async () => {
    fake.behave({ duplicate: true, outOfOrder: true });
    fake.addUser(ada);
    await fake.webhooksSettled();
    expect(received).toHaveLength(2);
    expect(received[0]).toEqual(received[1]);
  });

  it('are noted when nobody listens, and end when the URL is taken away', async () => {
    receiver.closeAllConnections();
    await new Promise((done) => receiver.close(done));
    const id = fake.addUser(ada);
    await fake.webhooksSettled();
    expect(fake.deliveries()).toEqual([{ userId: id, type: 'shopper.altered', status: null }]);
    expect((await call('PUT', '/_fake/webhook', { url: 'nowhere' })).status).toBe(400);
    expect((await call('PUT', '/_fake/webhook', null)).status).toBe(204);
    fake.addUser({ username: 'eve@example.org' });
    await fake.webhooksSettled();
    expect(fake.deliveries()).toHaveLength(1);
  });
});
