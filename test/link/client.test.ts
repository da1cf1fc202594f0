import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoyaltyPlatformError } from '../../src/accounts/loyalty-platform.ts';
import { sharedFields } from '../../src/accounts/shared-fields.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import type { SpaazaClient, SpaazaClientOptions } from '../../src/protocols/spaaza/client.ts';
import { clientOf, fullView } from './client-options.ts';

let fake: FakeSpaaza;
const clients: SpaazaClient[] = [];

beforeEach(async () => {
  fake = await startFakeSpaaza({ now: () => new Date('2026-03-04T05:06:07.890Z') });
});
afterEach(async () => {
  await fake.stop();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

function clientWith(options: Partial<SpaazaClientOptions> = {}): SpaazaClient {
  const client = clientOf(fake, options);
  clients.push(client);
  return client;
}

/** The error that a call ends with; fails when it ends well, or with an error of another class. */
async function failureOf(call: Promise<unknown>): Promise<LoyaltyPlatformError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LoyaltyPlatformError);
  return error as LoyaltyPlatformError;
}

/** Waits by turns of the event loop, so that the time of fake timers stands still. */
async function untilSent(count: number): Promise<void> {
  for (let turn = 0; turn < 100_000 && fake.stats().requests < count; turn += 1) {
    await new Promise((done) => setImmediate(done));
  }
  // What was sent beyond that gets the time to arrive.
  for (let turn = 0; turn < 200; turn += 1) await new Promise((done) => setImmediate(done));
  expect(fake.stats().requests).toBe(count);
}

describe('the Spaaza client', () => {
  it('tells of a new customer under our id, and gives what the platform calls the person', async () => {
    const added = await clientWith().addUser(fullView(), sharedFields);
    expect(added).toMatchObject({
      spaazaUserId: 3000001,
      memberNumber: '993000001',
      update: {
        isErasure: false,
        problems: [],
        identifiers: { userId: 3000001, customerId: 7 },
        lastModifiedAt: '2026-03-04T05:06:07.000Z',
      },
    });
    const [request] = fake.requests();
    expect(request?.parameters).toMatchObject({ authentication_point_identifier: '7', update_if_exists: true });
    expect(request?.parameters).not.toHaveProperty('webshop_customer_id');
  });

  it('finds a person by the platform’s id, our id, and e-mail, whatever characters are in it', async () => {
    const client = clientWith();
    const { spaazaUserId } = await client.addUser(fullView({ email: 'ada+50%&co=1@example.org' }), sharedFields);
    for (const by of [{ spaazaUserId }, { customerId: 7 }, { email: 'ada+50%&co=1@example.org' }]) {
      expect(await client.fetchUser(by)).toMatchObject({ spaazaUserId, update: { changes: { givenName: 'Ada' } } });
    }
  });

  it.each(['code', 'status'] as const)('finds nobody when the platform says so by %s', async (nobody) => {
    fake.behave({ nobody });
    const client = clientWith();
    expect(await client.fetchUser({ spaazaUserId: 1 })).toBeUndefined();
    expect(await client.fetchUser({ email: 'nobody@example.org' })).toBeUndefined();
  });

  it('makes one person of a customer whose answer was lost and who is told of again', async () => {
    const client = clientWith();
    fake.behave({ loseAnswer: true });
    expect((await failureOf(client.addUser(fullView(), sharedFields))).kind).toBe('transient');
    fake.behave({ duplicate: true });
    const { spaazaUserId } = await client.addUser(fullView({ givenName: 'Augusta' }), sharedFields);
    expect(fake.users()).toMatchObject([{ user_id: spaazaUserId, first_name: 'Augusta' }]);
  });

  it('leaves alone what it has nothing to say about when it meets a person the platform knew before', async () => {
    fake.addUser({ username: 'ada@example.org', phone_number: '+31-220445641', birthday: '1990-12-10' });
    await clientWith().addUser(fullView({ phone: undefined, birthday: undefined }), sharedFields);
    expect(fake.users()).toMatchObject([{ phone_number: '+31-220445641', birthday: '1990-12-10', first_name: 'Ada' }]);
  });

  it('renames by the platform’s id alone', async () => {
    const client = clientWith();
    const { spaazaUserId } = await client.addUser(fullView(), sharedFields);
    await client.alterUser(spaazaUserId, fullView({ email: 'countess@example.org' }), ['email']);
    expect(fake.user(spaazaUserId)).toMatchObject({ username: 'countess@example.org' });
    const request = fake.requests().at(-1);
    expect(request?.identity).toEqual({ by: 'user_id', value: String(spaazaUserId) });
    expect(request?.parameters).not.toHaveProperty('authentication_point_identifier');
    expect(request?.parameters).not.toHaveProperty('webshop_customer_id');
  });

  it('empties what was emptied here, and leaves what only the platform ever knew', async () => {
    const client = clientWith();
    const agreed = fullView({ gender: undefined });
    const { spaazaUserId } = await client.addUser(agreed, sharedFields);
    fake.changeUser(spaazaUserId, { gender: 'nonbinary', address_line_2: 'Centrum' });
    const emptied = { street: undefined, houseNumber: undefined, houseNumberExtension: undefined, phone: undefined };
    await client.alterUser(spaazaUserId, { ...agreed, ...emptied }, ['street', 'phone']);
    expect(fake.user(spaazaUserId)).toMatchObject({
      address_streetname: null,
      address_housenumber: null,
      address_housenumber_extension: null,
      phone_number: null,
      address_towncity: 'Amsterdam',
      birthday: '1990-12-10',
      gender: 'nonbinary',
      address_line_2: 'Centrum',
    });
  });

  it('sends the fields that are named and no other, whatever the view holds', async () => {
    const client = clientWith();
    const { spaazaUserId } = await client.addUser(fullView(), sharedFields);
    fake.changeUser(spaazaUserId, { first_name: 'Augusta', mailing_list_subscribed: false });
    await client.alterUser(spaazaUserId, fullView({ gender: undefined, phone: '1' }), ['gender', 'phone']);
    expect(fake.user(spaazaUserId)).toMatchObject({
      gender: null,
      phone_number: '1',
      first_name: 'Augusta',
      mailing_list: { mailing_list_subscribed: false },
    });
    expect(fake.requests().at(-1)?.parameters).toEqual({ user_id: spaazaUserId, gender: '', phone_number: '1' });
    await client.alterUser(spaazaUserId, fullView({ isMailingSubscribed: true }), ['isMailingSubscribed']);
    expect(fake.requests().at(-1)?.parameters).toEqual({
      user_id: spaazaUserId,
      mailing_list_subscribed: true,
      mailing_list_sub_offered: true,
    });
  });

  it('has a person erased by either id, and recognises an erased person', async () => {
    const client = clientWith();
    const { spaazaUserId } = await client.addUser(fullView(), sharedFields);
    await client.deleteUser({ customerId: 7 });
    expect((await client.fetchUser({ spaazaUserId }))?.update).toMatchObject({ isErasure: true, changes: {} });
    await client.deleteUser({ spaazaUserId });
    expect(fake.requests().map(({ endpoint }) => endpoint)).toEqual([
      'add-user',
      'delete-user',
      'get-user',
      'delete-user',
    ]);
  });

  it('does not take an erasure of somebody unknown for done', async () => {
    expect(await failureOf(clientWith().deleteUser({ customerId: 7 }))).toMatchObject({ kind: 'refused', code: 68 });
  });

  it('sends version and request id along, and not an id that no header can carry', async () => {
    const client = clientWith({ apiVersion: '1.5.7' });
    await client.addUser(fullView(), sharedFields, { requestId: 'req-42' });
    await client.addUser(fullView(), sharedFields, { requestId: 'two\r\nlines' });
    expect(fake.requests()).toMatchObject([
      { apiVersion: '1.5.7', requestId: 'req-42' },
      { apiVersion: '1.5.7', requestId: null },
    ]);
  });

  it('reaches an API that lies below a path, with or without a slash at the end', async () => {
    const seen: (string | undefined)[] = [];
    await withServer(
      (request, response) => {
        seen.push(request.url);
        response.end('{"result":{"code":1}}');
      },
      async (url) => {
        for (const apiUrl of [`${url}/spaaza`, `${url}/spaaza/`]) {
          await clientWith({ apiUrl }).deleteUser({ spaazaUserId: 1 });
        }
      },
    );
    expect(seen).toEqual(['/spaaza/delete-user', '/spaaza/delete-user']);
  });

  it('reads answers that old versions wrapped in an array, and logs warnings by name only', async () => {
    fake.behave({ wrapped: true, warnings: ['voucher_not_found', 'about ada@example.org'] });
    const warned: unknown[] = [];
    const client = clientWith({ log: { warn: (...line) => warned.push(line) } });
    expect(await client.addUser(fullView(), sharedFields)).toMatchObject({ spaazaUserId: 3000001 });
    expect(warned).toEqual([
      [
        { chainId: 123, operation: 'add-user', warnings: ['voucher_not_found', 'unnamed'] },
        'the loyalty platform warned',
      ],
    ]);
  });
});

describe('a failure of the Spaaza client', () => {
  const formats = [
    ['one error', '1.6.3'],
    ['a map of errors', '1.3.9'],
  ] as const;

  describe.each(formats)('told as %s', (_format, apiVersion) => {
    it.each([
      [5, 'chain'],
      [6, 'chain'],
      [228, 'chain'],
      [269, 'chain'],
      [4, 'refused'],
      [68, 'refused'],
      [9003, 'refused'],
      [31337, 'refused'],
    ])('with code %i concerns: %s', async (errorCode, kind) => {
      const client = clientWith({ apiVersion });
      // Whatever the HTTP status: the code counts first.
      for (const status of [null, 500, 400, 200]) {
        fake.behave({ errorCode, status });
        for (const call of [client.addUser(fullView(), sharedFields), client.alterUser(1, fullView(), sharedFields)]) {
          expect(await failureOf(call)).toMatchObject({ kind, code: errorCode });
        }
      }
    });

    it('names the code as the platform does, and does not repeat what it says about it', async () => {
      fake.behave({ errorCode: 6 });
      const error = await failureOf(clientWith({ apiVersion }).addUser(fullView(), sharedFields));
      expect(error.message).toBe('add-user was answered 401, code 6 no_valid_session');
      expect(error.codeName).toBe('no_valid_session');
    });

    it('is about the credential or the hostname when those are wrong', async () => {
      const stranger = clientWith({ apiVersion, credential: { key: 'fake-key', secret: 'guess' } });
      expect(await failureOf(stranger.fetchUser({ spaazaUserId: 1 }))).toMatchObject({ kind: 'chain', code: 6 });
      const lost = clientWith({ apiVersion, hostname: 'elsewhere.spaaza.com' });
      expect(await failureOf(lost.fetchUser({ spaazaUserId: 1 }))).toMatchObject({ kind: 'chain', code: 269 });
    });
  });

  it.each([
    [429, 'transient'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'transient'],
    [504, 'transient'],
    [401, 'chain'],
    [403, 'chain'],
    [302, 'chain'],
    [400, 'refused'],
    [404, 'refused'],
    [422, 'refused'],
    // A page of somebody in between, where a person was expected.
    [200, 'transient'],
  ])('without a code and with HTTP %i concerns: %s', async (status, kind) => {
    fake.behave({ status });
    const error = await failureOf(clientWith().alterUser(1, fullView(), sharedFields));
    expect([error.kind, error.code]).toEqual([kind, undefined]);
  });

  it('of the gateway passes, whatever code it wraps, unless the code is about the chain', async () => {
    fake.behave({ status: 503, errorCode: 31337 });
    expect((await failureOf(clientWith().addUser(fullView(), sharedFields))).kind).toBe('transient');
    fake.behave({ status: 503, errorCode: 5 });
    expect((await failureOf(clientWith().addUser(fullView(), sharedFields))).kind).toBe('chain');
  });

  it('that concerns the chain is not taken for an unknown person', async () => {
    fake.behave({ status: 404, errorCode: 269 });
    expect(await failureOf(clientWith().fetchUser({ spaazaUserId: 1 }))).toMatchObject({ kind: 'chain' });
  });

  it('carries Retry-After, in seconds and as a date', async () => {
    const client = clientWith();
    fake.behave({ throttle: { retryAfter: 17 } });
    expect(await failureOf(client.addUser(fullView(), sharedFields))).toMatchObject({
      kind: 'transient',
      retryAfterSeconds: 17,
    });
    fake.behave({ throttle: { retryAfter: new Date(Date.now() + 3_600_000).toUTCString() } });
    const { retryAfterSeconds } = await failureOf(client.addUser(fullView(), sharedFields));
    expect(Math.abs(retryAfterSeconds! - 3600)).toBeLessThan(60);
    fake.behave({ throttle: { retryAfter: 'Sun, 06 Nov 1994 08:49:37 GMT' } });
    expect(await failureOf(client.addUser(fullView(), sharedFields))).toMatchObject({ retryAfterSeconds: 0 });
    fake.behave({ throttle: { retryAfter: 'soon' } });
    expect((await failureOf(client.addUser(fullView(), sharedFields))).retryAfterSeconds).toBeUndefined();
  });

  it('passes when the platform is slow, down, or not there at all', async () => {
    const client = clientWith();
    fake.behave({ delayMs: 60_000 });
    const late = await failureOf(clientWith({ timeoutMs: 200 }).addUser(fullView(), sharedFields));
    expect([late.kind, late.message]).toEqual(['transient', 'add-user took longer than 200 ms']);
    fake.behave({ down: true });
    expect((await failureOf(client.addUser(fullView(), sharedFields))).kind).toBe('transient');
    fake.behave({});
    expect(await client.addUser(fullView(), sharedFields)).toMatchObject({ spaazaUserId: 3000001 });
    await fake.stop();
    const gone = await failureOf(client.addUser(fullView(), sharedFields));
    expect([gone.kind, gone.message]).toEqual(['transient', 'add-user got no answer: ECONNREFUSED']);
  });

  it.each<[string, RequestListener]>([
    [
      'that drips',
      (_request, response) => {
        const drip = setInterval(() => response.write(' '), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
    [
      'without end',
      (_request, response) =>
        response.end(`{"result":{"code":1},"results":{"user_info":{"user_id":1,"more":"${'x'.repeat(2_000_000)}"}}}`),
    ],
    ['that is no JSON', (_request, response) => response.end('<html>')],
    [
      'that is cut',
      (_request, response) =>
        response.writeHead(200, { 'content-length': 99 }).write('{"resu', () => response.destroy()),
    ],
    ['without a person', (_request, response) => response.end('{"result":{"code":1},"results":{}}')],
    [
      'with a person without an id',
      (_request, response) => response.end('{"result":{"code":1},"results":{"user_info":{}}}'),
    ],
    ['of a list', (_request, response) => response.end('[]')],
  ])('passes with an answer %s', async (_what, answer) => {
    await withServer(answer, async (url) => {
      const error = await failureOf(clientWith({ apiUrl: url, timeoutMs: 300 }).addUser(fullView(), sharedFields));
      expect(error.kind).toBe('transient');
    });
  });

  it('concerns the chain when its settings cannot even be sent', async () => {
    for (const wrong of [{ hostname: 'two\nlines' }, { apiUrl: 'ftp://example.org' }, { apiUrl: 'nowhere' }]) {
      expect((await failureOf(clientWith(wrong).addUser(fullView(), sharedFields))).kind).toBe('chain');
    }
  });

  it('never shows the credential or anything about the person, in itself or in its cause', async () => {
    const view = fullView({ phone: '0611223344' });
    const client = clientWith({ timeoutMs: 200 });
    const outcomes: LoyaltyPlatformError[] = [];
    const secrets = ['fake-secret', 'ada@example.org', 'Lovelace', 'Dorpstraat', '0611223344', '1990-12-10'];
    const seen: string[] = [];
    await withServer(
      // The platform repeats everything it was sent, in every place of an error.
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const sent = `${request.headers.authorization} ${request.url} ${Buffer.concat(chunks)}`;
          seen.push(decodeURIComponent(sent));
          response.statusCode = 400;
          response.end(JSON.stringify({ error: { code: 9, name: sent, description: sent }, warnings: [sent] }));
        });
      },
      async (apiUrl) => {
        const echoing = clientWith({ apiUrl });
        outcomes.push(
          await failureOf(echoing.addUser(view, sharedFields)),
          await failureOf(echoing.alterUser(1, view, sharedFields)),
        );
        outcomes.push(await failureOf(echoing.fetchUser({ email: view.email })));
        outcomes.push(await failureOf(echoing.deleteUser({ email: view.email })));
      },
    );
    for (const secret of secrets) expect(seen.join()).toContain(secret);
    for (const behaviour of [{ down: true }, { delayMs: 60_000 }, { status: 500 }, { errorCode: 6 }]) {
      fake.behave(behaviour);
      outcomes.push(
        await failureOf(client.addUser(view, sharedFields)),
        await failureOf(client.fetchUser({ email: view.email })),
      );
    }
    outcomes.push(await failureOf(clientWith({ hostname: 'two\nlines' }).addUser(view, sharedFields)));
    expect(outcomes).toHaveLength(13);
    for (const outcome of outcomes) {
      const shown = `${inspect(outcome, { depth: 20, showHidden: true })} ${JSON.stringify(outcome)}`;
      for (const secret of secrets) expect(shown).not.toContain(secret);
    }
  });
});

describe('the calls of one chain', () => {
  it('share one connection when they run one after another', async () => {
    const client = clientWith({ concurrency: 1 });
    for (let call = 0; call < 20; call += 1) await client.addUser(fullView(), sharedFields);
    expect(fake.stats()).toMatchObject({ requests: 20, connections: 1 });
  });

  it('never run more at once than is allowed, nor on more connections', async () => {
    fake.behave({ delayMs: 60_000 });
    const client = clientWith({ concurrency: 3 });
    const ending = new AbortController();
    const calls = Array.from({ length: 10 }, () => client.fetchUser({ spaazaUserId: 1 }, { signal: ending.signal }));
    const outcomes = Promise.allSettled(calls);
    await untilSent(3);
    expect(fake.stats()).toMatchObject({ inFlight: 3, connections: 3 });
    ending.abort();
    await outcomes;
    fake.behave({});
    await Promise.all(Array.from({ length: 30 }, () => client.fetchUser({ spaazaUserId: 1 })));
    expect(fake.stats()).toMatchObject({ requests: 33, mostInFlight: 3 });
  });

  it('begin no faster than is allowed', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const client = clientWith({ perSecond: 4, concurrency: 20 });
      const calls = Promise.all(Array.from({ length: 7 }, () => client.fetchUser({ spaazaUserId: 1 })));
      await untilSent(4);
      for (const count of [5, 6, 7]) {
        await vi.advanceTimersByTimeAsync(250);
        await untilSent(count);
      }
      await calls;
    } finally {
      vi.useRealTimers();
    }
  });

  it('end with the reason of whoever gives them up, waiting or under way, and make room', async () => {
    fake.behave({ delayMs: 60_000 });
    const client = clientWith({ concurrency: 1 });
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = client.fetchUser({ spaazaUserId: 1 }, { signal: running.signal });
    const second = client.fetchUser({ spaazaUserId: 1 }, { signal: waiting.signal });
    await vi.waitUntil(() => fake.stats().inFlight === 1, 10_000);
    waiting.abort(new Error('no more interest'));
    await expect(second).rejects.toThrow('no more interest');
    running.abort(new Error('stopping'));
    await expect(first).rejects.toThrow('stopping');
    await expect(client.fetchUser({ spaazaUserId: 1 }, { signal: running.signal })).rejects.toThrow('stopping');
    fake.behave({});
    // Given up when it had its turn and was not sent yet.
    const between = new AbortController();
    const third = client.fetchUser({ spaazaUserId: 1 }, { signal: between.signal });
    between.abort(new Error('changed my mind'));
    await expect(third).rejects.toThrow('changed my mind');
    expect(await client.fetchUser({ spaazaUserId: 1 })).toBeUndefined();
  });

  it('end well when the client closes under them, while those that wait and come are to be tried again', async () => {
    fake.behave({ delayMs: 50 });
    const client = clientWith({ concurrency: 1 });
    const running = client.addUser(fullView(), sharedFields);
    const waiting = failureOf(client.addUser(fullView(), sharedFields));
    await vi.waitUntil(() => fake.stats().inFlight === 1, 10_000);
    await client.close();
    expect(await running).toMatchObject({ spaazaUserId: 3000001 });
    expect((await waiting).kind).toBe('transient');
    expect((await failureOf(client.addUser(fullView(), sharedFields))).kind).toBe('transient');
  });

  it('need no closing when there never were any, and only one otherwise', async () => {
    const client = clientWith();
    await expect(client.close()).resolves.toBeUndefined();
    await expect(client.close()).resolves.toBeUndefined();
  });
});

async function withServer(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server: Server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}
