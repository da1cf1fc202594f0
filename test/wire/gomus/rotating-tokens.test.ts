import { expect, it } from 'vitest';
import { describeOnServers, type ServerUnderTest } from '../server-under-test.ts';
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

describeOnServers(
  'a token that moves on',
  (server) => {
    it('is another one on each answer, with the same client and the uid of the customer', async () => {
      const { tokens, email } = await signUp(server);
      const seen = new Set([tokens['access-token']]);
      let current = tokens;
      for (let use = 1; use <= 4; use += 1) {
        const answer = await validate(server, current);
        expect(answer.status).toBe(200);
        expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
        expect([answer.headers.client, answer.headers.uid]).toEqual([tokens.client, email]);
        expect(answer.headers['access-token']).toMatch(/^[A-Za-z0-9_-]{22}$/);
        expect(seen).not.toContain(answer.headers['access-token']);
        current = tokensOf(answer);
        seen.add(current['access-token']);
      }
    });

    it('is worth nothing when it was made up, and nothing is announced then', async () => {
      const { tokens } = await signUp(server);
      const answer = await validate(server, { ...tokens, 'access-token': 'AAAAAAAAAAAAAAAAAAAAAA' });
      expect([answer.status, tokenHeadersOn(answer)]).toEqual([401, []]);
      expect(await isSignedIn(server, tokens)).toBe(true);
    });

    it('serves many requests at once, and all are given the same working successor', async () => {
      const { tokens } = await signUp(server);
      let current = tokens;
      for (let round = 1; round <= 3; round += 1) {
        const answers = await Promise.all(Array.from({ length: 12 }, () => validate(server, current)));
        for (const answer of answers) {
          expect(answer.status).toBe(200);
          expect(answer.headers['access-token']).not.toMatch(/^\s*$/);
        }
        const successors = new Set(answers.map(({ headers }) => headers['access-token']));
        expect(successors.size).toBe(1);
        expect(successors).not.toContain(current['access-token']);
        current = tokensOf(answers[0] as Answer);
      }
      expect((await validate(server, current)).status).toBe(200);
    });

    it('gives a retry with the old token the same successor, so that a lost answer loses no session', async () => {
      const { tokens } = await signUp(server);
      const first = await validate(server, tokens);
      const retry = await validate(server, tokens);
      const third = await call(server, 'PUT', '/auth', { headers: tokens, json: { name: 'Cat' } });
      expect([retry.status, tokensOf(retry)]).toEqual([200, tokensOf(first)]);
      expect([third.status, tokensOf(third)]).toEqual([200, tokensOf(first)]);
      expect(retry.headers.expiry).toBe(first.headers.expiry);
    });

    it('ends the old token once its successor was used', async () => {
      const { tokens } = await signUp(server);
      const successor = tokensOf(await validate(server, tokens));
      const second = tokensOf(await validate(server, successor));
      const refused = await validate(server, tokens);
      expect([refused.status, tokenHeadersOn(refused)]).toEqual([401, []]);
      // One generation back it is still the same answer.
      expect(tokensOf(await validate(server, successor))).toEqual(second);
      expect((await validate(server, second)).status).toBe(200);
    });

    it('lets the old token live for a minute at most, while the successor goes on', async () => {
      const { tokens } = await signUp(server);
      const before = Date.now();
      const successor = tokensOf(await validate(server, tokens));
      const { previousValidUntil } = await storedSession(server, tokens.client);
      const until = Date.parse(previousValidUntil ?? '');
      expect(until).toBeGreaterThan(before);
      expect(until).toBeLessThanOrEqual(Date.now() + 60_000);
      await rewriteSession(server, tokens.client, { previousValidUntil: new Date(Date.now() - 1000).toISOString() });
      const refused = await validate(server, tokens);
      expect([refused.status, tokenHeadersOn(refused)]).toEqual([401, []]);
      expect((await validate(server, successor)).status).toBe(200);
    });

    it('moves on also when the request is refused for its data, and not when the token was not looked at', async () => {
      const { tokens } = await signUp(server);
      const unread = await call(server, 'PUT', '/auth', { headers: tokens, json: { shoe_size: 46 } });
      expect([unread.status, tokenHeadersOn(unread)]).toEqual([422, []]);
      const refused = await call(server, 'PUT', '/auth', { headers: tokens, json: { name: '' } });
      expect(refused.status).toBe(422);
      expect(refused.headers['access-token']).not.toBe(tokens['access-token']);
      expect(await isSignedIn(server, tokensOf(refused))).toBe(true);
    });

    it('never has its expiry moved back and is renewed at most daily', async () => {
      const { tokens } = await signUp(server);
      const late = daysFromNow(30);
      await rewriteSession(server, tokens.client, { expiresAt: late });
      const kept = await validate(server, tokens);
      expect(kept.headers.expiry).toBe(unixSeconds(late));
      await rewriteSession(server, tokens.client, { expiresAt: daysFromNow(3) });
      const renewed = await validate(server, tokensOf(kept));
      expect(Number(renewed.headers.expiry)).toBeGreaterThan(Number(unixSeconds(daysFromNow(13.9))));
      const next = await validate(server, tokensOf(renewed));
      expect(next.headers.expiry).toBe(renewed.headers.expiry);
    });

    it('is worth nothing after it expired, on update too', async () => {
      const { tokens } = await signUp(server);
      const successor = tokensOf(await validate(server, tokens));
      await rewriteSession(server, tokens.client, { expiresAt: daysFromNow(-0.001) });
      for (const headers of [tokens, successor]) {
        const answer = await call(server, 'PUT', '/auth?locale=en', { headers, json: { name: 'Cat' } });
        expect([answer.status, answer.json.error, tokenHeadersOn(answer)]).toEqual([404, 'User not found.', []]);
      }
    });

    it('announces the new uid with a changed e-mail and goes on with either', async () => {
      const { tokens, email } = await signUp(server);
      const next = freshEmail();
      const answer = await call(server, 'PUT', '/auth', { headers: tokens, json: { email: next } });
      expect(answer.headers.uid).toBe(next);
      const withOldUid = await validate(server, { ...tokensOf(answer), uid: email });
      expect([withOldUid.status, withOldUid.headers.uid]).toEqual([200, next]);
      expect((await validate(server, tokensOf(withOldUid))).status).toBe(200);
    });

    it('keeps the device that changes the password and ends the others', async () => {
      const { email, password, tokens } = await signUp(server);
      const other = await signIn(server, email, password);
      const json = { password: 'ten lives', password_confirmation: 'ten lives', current_password: password };
      const answer = await call(server, 'PUT', '/auth/password', { headers: tokens, json });
      expect(answer.status).toBe(200);
      expect(await isSignedIn(server, other)).toBe(false);
      expect(await isSignedIn(server, tokensOf(answer))).toBe(true);
    });

    it('takes the account or the session with it, without headers', async () => {
      const leaving = await signUp(server);
      const out = await call(server, 'DELETE', '/auth/sign_out', { headers: leaving.tokens });
      expect([out.status, tokenHeadersOn(out)]).toEqual([200, []]);
      expect(await isSignedIn(server, leaving.tokens)).toBe(false);
      const erased = await signUp(server);
      const gone = await call(server, 'DELETE', '/auth', { headers: erased.tokens });
      expect([gone.status, tokenHeadersOn(gone)]).toEqual([200, []]);
    });

    it('never holds more devices than ten', async () => {
      const { email, password, tokens } = await signUp(server);
      const devices: Tokens[] = [tokensOf(await validate(server, tokens))];
      for (let device = 2; device <= 11; device += 1) devices.push(await signIn(server, email, password));
      const alive = [];
      for (const device of devices) if (await isSignedIn(server, device)) alive.push(device.client);
      expect(alive).toEqual(devices.slice(1).map(({ client }) => client));
    });
  },
  { FOYER_TOKEN_MODE: 'rotating' },
);

function validate(server: ServerUnderTest, headers: Tokens): Promise<Answer> {
  return call(server, 'GET', '/auth/validate_token', { headers });
}
