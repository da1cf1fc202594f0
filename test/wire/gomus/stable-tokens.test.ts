import { expect, it } from 'vitest';
import { hashToken, successorOf } from '../../../src/accounts/session.ts';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import {
  type Answer,
  call,
  freshEmail,
  isSignedIn,
  signIn,
  signUp,
  type Tokens,
  tokenHeaderNames,
  tokenHeadersOn,
  tokensOf,
} from './client.ts';
import { daysFromNow, rewriteSession, storedSession, unixSeconds } from './stored-session.ts';

const every = [...tokenHeaderNames, 'authorization'];

describeOnServers('a token that stays', (server) => {
  it('is on every authenticated answer, with the other headers, refusals included', async () => {
    const { tokens, password } = await signUp(server);
    const headers = tokens;
    const answers: [number, Answer][] = [
      [200, await call(server, 'GET', '/auth/validate_token', { headers })],
      [200, await call(server, 'PUT', '/auth', { headers, json: { name: 'Cat' } })],
      [422, await call(server, 'PUT', '/auth', { headers, json: { name: '' } })],
      [422, await call(server, 'PUT', '/auth', { headers, json: { newsletter_groups: '99' } })],
      [422, await call(server, 'PUT', '/auth/password', { headers, json: {} })],
      [422, await call(server, 'PUT', '/auth/password', { headers, json: { password, password_confirmation: 'x' } })],
      [200, await call(server, 'GET', '/whoami', { headers })],
    ];
    for (const [status, answer] of answers) {
      expect(answer.status).toBe(status);
      expect(tokenHeadersOn(answer)).toEqual(every);
      expect(tokensOf(answer)).toEqual(tokens);
      expect(answer.headers.expiry).toMatch(/^\d{10}$/);
      expect(Number(answer.headers.expiry)).toBeGreaterThan(Date.now() / 1000);
    }
  });

  it('that another node has replaced, because the mode is being changed, is answered by its successor', async () => {
    const { tokens } = await signUp(server);
    const { tokenHash, rotationSeed } = await storedSession(server, tokens.client);
    const next = successorOf(tokens['access-token'], rotationSeed);
    const previousValidUntil = daysFromNow(1);
    const changes = { tokenHash: hashToken(next), previousTokenHash: tokenHash, previousValidUntil };
    await rewriteSession(server, tokens.client, changes);
    const answer = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect([answer.status, answer.headers['access-token']]).toEqual([200, next]);
    const after = await call(server, 'GET', '/auth/validate_token', { headers: tokensOf(answer) });
    expect([after.status, after.headers['access-token']]).toEqual([200, next]);
  });

  it('serves many requests at once, and none of them is left without headers', async () => {
    const { tokens } = await signUp(server);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call(server, 'GET', '/auth/validate_token', { headers: tokens })),
    );
    for (const answer of answers) expect([answer.status, tokensOf(answer)]).toEqual([200, tokens]);
  });

  it('is not renewed by use on the same day', async () => {
    const { tokens } = await signUp(server);
    const expiry = daysFromNow(13.5);
    await rewriteSession(server, tokens.client, { expiresAt: expiry });
    for (let use = 1; use <= 3; use += 1) {
      const answer = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
      expect(answer.headers.expiry).toBe(unixSeconds(expiry));
    }
  });

  it('is renewed once when it was not used for a day, also by requests at once', async () => {
    const { tokens } = await signUp(server);
    await rewriteSession(server, tokens.client, { expiresAt: daysFromNow(12) });
    const renewed = Number(unixSeconds(daysFromNow(14)));
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call(server, 'GET', '/auth/validate_token', { headers: tokens })),
    );
    for (const answer of answers) {
      expect(tokensOf(answer)).toEqual(tokens);
      expect(Math.abs(Number(answer.headers.expiry) - renewed)).toBeLessThan(60);
    }
    const latest = Math.max(...answers.map(({ headers }) => Number(headers.expiry)));
    const next = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(Number(next.headers.expiry)).toBeGreaterThanOrEqual(Math.min(latest, renewed - 60));
    const again = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(again.headers.expiry).toBe(next.headers.expiry);
  });

  it('never has its expiry moved back, even when it reaches beyond the lifespan of today', async () => {
    const { tokens } = await signUp(server);
    const expiry = daysFromNow(30);
    await rewriteSession(server, tokens.client, { expiresAt: expiry });
    const answer = await call(server, 'PUT', '/auth', { headers: tokens, json: { name: 'Cat' } });
    expect(answer.headers.expiry).toBe(unixSeconds(expiry));
  });

  it('is worth nothing once it has expired', async () => {
    const { tokens } = await signUp(server);
    await rewriteSession(server, tokens.client, { expiresAt: daysFromNow(-0.001) });
    const validated = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect([validated.status, tokenHeadersOn(validated)]).toEqual([401, []]);
    const updated = await call(server, 'PUT', '/auth?locale=en', { headers: tokens, json: { name: 'Cat' } });
    expect([updated.status, updated.json.error, tokenHeadersOn(updated)]).toEqual([404, 'User not found.', []]);
  });

  it('opens with the uid of sign-in, of today and of any day between', async () => {
    const { tokens, email } = await signUp(server);
    const uids = [email];
    for (let change = 1; change <= 3; change += 1) {
      const next = freshEmail();
      uids.push(next);
      const answer = await call(server, 'PUT', '/auth', { headers: tokens, json: { email: next } });
      expect(answer.headers.uid).toBe(next);
    }
    for (const uid of uids) expect([uid, await isSignedIn(server, { ...tokens, uid })]).toEqual([uid, true]);
    for (const uid of [freshEmail(), `x${email}`, email.slice(1)]) {
      expect(await isSignedIn(server, { ...tokens, uid })).toBe(false);
    }
  });
});

describeOnServers('the devices of a customer', (server) => {
  it('are ten at most; the one that would expire first goes', async () => {
    const { email, password, tokens } = await signUp(server);
    const devices: Tokens[] = [tokens];
    for (let device = 2; device <= 10; device += 1) devices.push(await signIn(server, email, password));
    // The fourth is the one that was not used for longest.
    await rewriteSession(server, devices[3]!.client, { expiresAt: daysFromNow(1) });
    devices.push(await signIn(server, email, password));
    const alive: boolean[] = [];
    for (const device of devices) {
      const found = await server.app.store.sessions.findByClientId(device.client);
      alive.push(found !== undefined);
    }
    expect(alive).toEqual([true, true, true, false, true, true, true, true, true, true, true]);
    expect(await isSignedIn(server, devices[3]!)).toBe(false);
    expect(await isSignedIn(server, devices[10]!)).toBe(true);
  });

  it('always include the one that has just signed in, however late the others expire', async () => {
    const { email, password, tokens } = await signUp(server);
    const devices: Tokens[] = [tokens];
    for (let device = 2; device <= 10; device += 1) devices.push(await signIn(server, email, password));
    for (const { client } of devices) await rewriteSession(server, client, { expiresAt: daysFromNow(30) });
    const latest = await signIn(server, email, password);
    expect(await isSignedIn(server, latest)).toBe(true);
  });

  it('are counted right when they sign in at once', async () => {
    const { email, password, tokens } = await signUp(server);
    const devices = await Promise.all(Array.from({ length: 14 }, () => signIn(server, email, password)));
    const alive = [];
    for (const device of [tokens, ...devices]) if (await isSignedIn(server, device)) alive.push(device);
    expect(alive).toHaveLength(10);
  });
});

describeOnServer(
  'the devices of a customer where two are allowed',
  (server) => {
    it('never become three', async () => {
      const { email, password, tokens } = await signUp(server);
      const second = await signIn(server, email, password);
      const third = await signIn(server, email, password);
      expect(await isSignedIn(server, tokens)).toBe(false);
      expect([await isSignedIn(server, second), await isSignedIn(server, third)]).toEqual([true, true]);
    });
  },
  { FOYER_MAX_DEVICES: '2' },
);
