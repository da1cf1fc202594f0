import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, freshDatabaseUrl, runStatement } from '../../dialects.ts';
import { metric } from '../../edge/clients.ts';
import { until } from '../../jobs/workshop.ts';
import { type RunningApp, serveDatabase } from '../../start-app.ts';
import { describeOnServer } from '../server-under-test.ts';
import { type Answer, addMember, freshUserId, send, traces, update } from './client.ts';

const secret = 'whsec_of_chain_123';
const env = {
  FOYER_RATE_LIMIT: 'off',
  FOYER_SPAAZA_WEBHOOK_SECRET_123: `whsec_coming_soon,${secret}`,
  FOYER_SPAAZA_WEBHOOK_SECRET_125: secret,
};
const path = '/webhooks/spaaza/123';

const signatureOf = (body: string | Buffer, key = secret) => createHmac('sha256', key).update(body).digest('base64');
const deliver = (
  server: { url: string },
  event: unknown,
  { to = path, key = secret, headers = {} }: { to?: string; key?: string; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const body = typeof event === 'string' || Buffer.isBuffer(event) ? event : JSON.stringify(event);
  const signature = { 'x-spaaza-hmac-sha256': signatureOf(body, key) };
  return send(server, 'POST', to, { body, key: null, headers: { ...signature, ...headers } });
};

let lastSecond = Date.now() - 100_000_000;
/** An event like no other, each a second younger. */
const eventOf = (userId: number, data: object = {}, event: object = {}) => {
  lastSecond += 1_000;
  const moment = new Date(lastSecond).toISOString().slice(0, 19);
  return {
    id: `user${userId}`,
    type: 'shopper.altered',
    chain_id: 123,
    created: `${moment}+00:00`,
    data: { user_id: userId, last_modified_date: moment.replace('T', ' '), ...data },
    ...event,
  };
};

describe.each(databaseKinds)('webhooks (%s)', (kind) => {
  let server: RunningApp;
  let other: RunningApp | undefined;
  let url: string;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    const database = await freshDatabaseUrl(kind);
    ({ url, drop } = database);
    server = await serveDatabase(url, env);
    // A second node; of a file there can be only one.
    if (kind === 'postgres') other = await serveDatabase(url, env);
  });
  afterAll(async () => {
    await other?.stop();
    await server.stop();
    await drop();
  });

  const inboxLength = () => server.app.store.inbox.count('waiting', 10_000);
  const forget = () => runStatement(url, 'delete from loyalty_inbox');

  it('are on disk when they are answered, and change nothing by themselves', async () => {
    await forget();
    const { id, userId } = await addMember(server);
    const before = await traces(server.app, id);
    const event = eventOf(userId, { first_name: 'Zoë' });
    const answer = await deliver(server, event, { headers: { 'x-request-id': 'delivery-1' } });
    expect([answer.status, answer.text]).toEqual([200, '{"status":"accepted"}']);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    const [entry] = await server.app.store.transaction(({ inbox }) =>
      inbox.claim(1, { token: 'a look', until: '2000-01-01T00:00:00.000Z' }, new Date().toISOString()),
    );
    expect(entry).toMatchObject({
      chainId: 123,
      subject: String(userId),
      body: JSON.stringify(event),
      requestId: 'delivery-1',
      attempts: 0,
    });
    expect(await traces(server.app, id)).toEqual(before);
  });

  it('are taken in once, however often and on how many nodes at once they are delivered', async () => {
    await forget();
    const event = eventOf(freshUserId());
    const nodes = [server, other ?? server];
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => deliver(nodes[index % 2]!, event)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.filter(({ text }) => text === '{"status":"accepted"}')).toHaveLength(1);
    expect(answers.filter(({ text }) => text === '{"status":"duplicate"}')).toHaveLength(19);
    expect((await deliver(server, event, { key: 'whsec_coming_soon' })).text).toBe('{"status":"duplicate"}');
    expect(await inboxLength()).toBe(1);
  });

  it('with a wrong signature leave nothing behind, and say nothing more than that', async () => {
    await forget();
    const event = JSON.stringify(eventOf(freshUserId()));
    const refusal =
      '{"message":"The consumer isn\'t authorized to access %resources.","parameters":{"resources":"Spaaza_Loyalty::webhook"}}';
    const answers = [
      await deliver(server, event, { key: 'whsec_of_chain_124' }),
      await send(server, 'POST', path, { body: event, key: null }),
      // A key of the other endpoints is none here.
      await send(server, 'POST', path, { body: event }),
      await deliver(server, event, { headers: { 'x-spaaza-hmac-sha256': '' } }),
      await deliver(server, event, { headers: { 'x-spaaza-hmac-sha256': signatureOf(`${event} `) } }),
      await deliver(server, '{"unreadable', { key: 'whsec_wrong' }),
      await deliver(server, '', { key: 'whsec_wrong' }),
    ];
    for (const answer of answers) expect([answer.status, answer.text]).toEqual([401, refusal]);
    expect(await inboxLength()).toBe(0);
  });

  it('that nobody can read are refused when the signature is right', async () => {
    await forget();
    for (const body of ['', '{', '[]', '7', 'null', '"x"', '{"a":"\\ud800"}', Buffer.from([0x7b, 0xff, 0x7d])]) {
      const answer = await deliver(server, body);
      expect([answer.status, answer.text], String(body)).toEqual([400, '{"message":"Decoding error."}']);
    }
    expect(await inboxLength()).toBe(0);
  });

  it('of a chain without a secret, of one that no website uses, or of none, find no address', async () => {
    const event = eventOf(freshUserId());
    for (const to of [
      '/webhooks/spaaza/124',
      '/webhooks/spaaza/125',
      '/webhooks/spaaza/0123',
      '/webhooks/spaaza/x',
      '/webhooks/spaaza/',
      path,
    ]) {
      const method = to === path ? 'GET' : 'POST';
      const body = JSON.stringify(event);
      const headers = { 'x-spaaza-hmac-sha256': signatureOf(body) };
      const answer = await send(server, method, to, { body: method === 'GET' ? undefined : body, key: null, headers });
      expect([answer.status, answer.text], to).toEqual([404, '{"message":"Request does not match any route."}']);
    }
  });

  it('are read whatever content type they claim, and refused when they are too long', async () => {
    await forget();
    for (const type of ['application/json', 'text/plain', 'no/such; type', 'x']) {
      expect((await deliver(server, eventOf(freshUserId()), { headers: { 'content-type': type } })).status).toBe(200);
    }
    expect((await deliver(server, eventOf(freshUserId()))).status).toBe(200);
    expect(await inboxLength()).toBe(5);
    const long = await deliver(server, eventOf(freshUserId(), { filler: 'x'.repeat(300_000) }));
    expect([long.status, long.text]).toEqual([413, '{"message":"The request body is too large."}']);
    const fitting = await deliver(server, eventOf(freshUserId(), { filler: 'é'.repeat(100_000) }));
    expect(fitting.status).toBe(200);
    expect(await inboxLength()).toBe(6);
  });

  it('are asked to come again during maintenance', async () => {
    await forget();
    const event = eventOf(freshUserId());
    await server.app.accounts.setMaintenance({ isOn: true });
    await server.app.accounts.directory.refresh();
    const answer = await deliver(server, event);
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '60']);
    expect(await inboxLength()).toBe(0);
    expect(server.logs.filter(({ msg }) => msg === 'request failed')).toEqual([]);
    await server.app.accounts.setMaintenance({ isOn: false });
    await server.app.accounts.directory.refresh();
    expect((await deliver(server, event)).text).toBe('{"status":"accepted"}');
  });

  it('are never answered with a fault of ours, whatever they are', async () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.json({ maxDepth: 4 }),
      fc.object({ maxDepth: 3, withNullPrototype: true }).map((data) => JSON.stringify(eventOf(7, data))),
      fc
        .record({ id: fc.string(), type: fc.string(), chain_id: fc.jsonValue(), data: fc.jsonValue() })
        .map((event) => JSON.stringify(event)),
    );
    await fc.assert(
      fc.asyncProperty(anything, fc.boolean(), async (body, isSigned) => {
        const before = await inboxLength();
        const answer = await deliver(server, body, { key: isSigned ? secret : 'whsec_wrong' });
        expect(isSigned ? [200, 400] : [401]).toContain(answer.status);
        if (answer.status !== 200) expect(await inboxLength()).toBe(before);
      }),
      { numRuns: 150 },
    );
    // And those that were taken in are worked on without one.
    const worker = await serveDatabase(url, { ...env, FOYER_JOBS: 'on' });
    const faults = () => worker.logs.filter(({ level }) => Number(level) >= 50);
    await until(async () => faults().length > 0 || (await inboxLength()) === 0);
    expect(faults()).toEqual([]);
    expect(await server.app.store.inbox.count('dead', 1_000)).toBe(0);
    await worker.stop();
  });
});

describeOnServer(
  'a served webhook',
  (server) => {
    it('changes its customer soon after it was answered, and is counted', async () => {
      const { id, userId } = await addMember(server);
      const nameOf = async () => (await server.app.store.customers.findById(id))?.customer.givenName;
      for (const first_name of ['Augusta', 'Ada', 'Augusta']) {
        await deliver(server, eventOf(userId, { first_name }));
        await until(async () => (await nameOf()) === first_name);
      }
      await deliver(server, eventOf(1_000 + freshUserId()));
      await deliver(server, '{}');
      await deliver(server, eventOf(userId), { key: 'whsec_wrong' });
      await deliver(server, eventOf(userId), { to: '/webhooks/spaaza/9' });
      await until(async () => (await server.app.store.inbox.count('waiting', 10)) === 0);
      const counts = (name: string, labels: string) => metric(server.url, `${name}{${labels}}`);
      expect(await counts('foyer_webhooks_total', 'chain="123",outcome="accepted"')).toBe(4);
      expect(await counts('foyer_webhooks_total', 'chain="123",outcome="unreadable"')).toBe(1);
      expect(await counts('foyer_webhooks_total', 'chain="123",outcome="bad_signature"')).toBe(1);
      expect(await counts('foyer_webhooks_total', 'chain="unknown",outcome="unknown_chain"')).toBe(1);
      await until(async () => (await counts('foyer_notices_total', 'chain="123",outcome="ignored"')) === 1);
      expect(await counts('foyer_notices_total', 'chain="123",outcome="applied"')).toBe(3);
      expect(await counts('foyer_inbox_length', 'state="waiting"')).toBe(0);
      expect(await counts('foyer_inbox_length', 'state="dead"')).toBe(0);
      expect(await metric(server.url, 'foyer_inbox_oldest_seconds')).toBe(0);
    });

    it('changes nothing when it overtakes a younger one', async () => {
      const { id, userId } = await addMember(server);
      const [older, younger] = [eventOf(userId, { phone_number: '1' }), eventOf(userId, { phone_number: '2' })];
      await deliver(server, younger);
      await until(async () => (await server.app.store.customers.findById(id))?.customer.phone === '2');
      await deliver(server, older);
      await until(async () => (await server.app.store.inbox.count('waiting', 10)) === 0);
      expect((await server.app.store.customers.findById(id))?.customer.phone).toBe('2');
    });

    it('of an erased person unties the account, and the platform’s word about it is not taken again', async () => {
      const { id, userId, email } = await addMember(server);
      await deliver(server, eventOf(userId, { obfuscated: true, first_name: 'Deleted', last_name: 'Deleted' }));
      await until(async () => (await server.app.store.links.listByCustomer(id))[0]?.spaazaUserId === null);
      expect((await server.app.store.customers.findById(id))?.customer).toMatchObject({ email, givenName: 'Ada' });
      expect((await update(server, { user_id: userId, username: email })).status).toBe(404);
    });

    it('leaves neither its content nor its signature in the log', async () => {
      const { userId } = await addMember(server);
      const event = eventOf(userId, { first_name: 'Mx Secretive', birthday: 'never', country_code: '??' });
      await deliver(server, event);
      await deliver(server, event, { key: 'whsec_wrong' });
      await deliver(server, `${JSON.stringify(event)}]`);
      await until(async () => (await server.app.store.inbox.count('waiting', 10)) === 0);
      const log = server.rawLog();
      expect(log).toContain('/webhooks/spaaza/:chainId');
      expect(log).not.toContain('Secretive');
      expect(log).not.toContain(secret);
      expect(log).not.toContain(signatureOf(JSON.stringify(event)));
    });
  },
  { ...env, FOYER_JOBS: 'on' },
);
