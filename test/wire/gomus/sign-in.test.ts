import { expect, it } from 'vitest';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { call, isSignedIn, signIn, signUp, tokenHeaderNames, tokenHeadersOn, tokensOf } from './client.ts';

const badCredentials = 'Invalid login credentials. Please try again.';

describeOnServers('signing in', (server) => {
  it('answers the customer under data alone, with all the token headers', async () => {
    const { email, password, id } = await signUp(server);
    const answer = await call(server, 'POST', '/auth/sign_in', { json: { email, password } });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['data']);
    expect(answer.json.data).toMatchObject({ id, email });
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    expect(answer.text).not.toContain(password);
    expect(await isSignedIn(server, tokensOf(answer))).toBe(true);
  });

  it('takes the e-mail in any case and with spaces around it', async () => {
    const { email, password } = await signUp(server);
    for (const typed of [email.toUpperCase(), `  ${email}\t`, ` ${email.toUpperCase()} `]) {
      const answer = await call(server, 'POST', '/auth/sign_in', { json: { email: typed, password } });
      expect(answer.status).toBe(200);
      expect(answer.headers.uid).toBe(email);
    }
  });

  it('says the same about an unknown e-mail and a wrong password', async () => {
    const { email } = await signUp(server);
    const wrong = await call(server, 'POST', '/auth/sign_in?locale=en', { json: { email, password: 'nine lifes' } });
    const unknown = await call(server, 'POST', '/auth/sign_in?locale=en', {
      json: { email: `un${email}`, password: 'nine lives' },
    });
    expect(wrong.status).toBe(401);
    expect(wrong.json).toEqual({ success: false, errors: [badCredentials], error: badCredentials });
    expect(tokenHeadersOn(wrong)).toEqual([]);
    expect([unknown.status, unknown.text]).toEqual([wrong.status, wrong.text]);
  });

  it('takes the password as it is, in case and spaces', async () => {
    const { email } = await signUp(server, { password: ' Nine Lives ' });
    for (const password of ['Nine Lives', ' nine lives ', ' Nine Lives  ']) {
      const refused = await call(server, 'POST', '/auth/sign_in', { json: { email, password } });
      expect(refused.status).toBe(401);
    }
    await signIn(server, email, ' Nine Lives ');
  });

  it('refuses values that are no text, and missing ones, as wrong credentials', async () => {
    const { email, password } = await signUp(server);
    const bodies: unknown[] = [
      {},
      [],
      { email },
      { password },
      { email: null, password: null },
      { email, password: [password] },
      { email, password: { password } },
      { email: [email], password },
      { email: { email }, password },
      { email: 7, password: 7 },
      { email: true, password },
      { email, password: null },
      { email, password: '' },
      { user: { email, password } },
      { email: `${email}\u0000`, password },
      { email: `\ud800${email}`, password },
      { email, password: `${password}\u0000` },
      { email, password: `${password}\ud800` },
      { email: `${'a'.repeat(100_000)}@example.org`, password },
      { email, password: 'x'.repeat(100_000) },
    ];
    for (const json of bodies) {
      const answer = await call(server, 'POST', '/auth/sign_in?locale=en', { json });
      expect([JSON.stringify(json).slice(0, 80), answer.status]).toEqual([JSON.stringify(json).slice(0, 80), 401]);
      expect(answer.json.error).toBe(badCredentials);
    }
  });

  it('takes a password of digits that a form layer turned into a number', async () => {
    const { email } = await signUp(server, { password: '12345678' });
    const answer = await call(server, 'POST', '/auth/sign_in', { json: { email, password: 12345678 } });
    expect(answer.status).toBe(200);
  });

  it('takes e-mail and password from request headers, the body winning', async () => {
    const { email, password } = await signUp(server);
    const headers = { email, password };
    expect((await call(server, 'POST', '/auth/sign_in', { headers })).status).toBe(200);
    const json = { email, password: 'wrong one' };
    expect((await call(server, 'POST', '/auth/sign_in', { headers, json })).status).toBe(401);
  });

  it('ignores tokens sent along, good or bad', async () => {
    const { email, password, tokens } = await signUp(server);
    for (const headers of [tokens, { ...tokens, 'access-token': 'stale' }]) {
      const answer = await call(server, 'POST', '/auth/sign_in', { headers, json: { email, password } });
      expect(answer.status).toBe(200);
      expect(answer.headers.client).not.toBe(tokens.client);
    }
    expect(await isSignedIn(server, tokens)).toBe(true);
  });

  it('is not possible by GET, which says so in both languages', async () => {
    for (const [locale, sentence] of [
      ['en', 'Use POST /sign_in to sign in. GET is not supported.'],
      ['de', 'Verwenden Sie POST /sign_in zur Anmeldung. GET wird nicht unterstützt.'],
    ]) {
      const answer = await call(server, 'GET', `/auth/sign_in?locale=${locale}`);
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe('POST');
      expect(answer.json).toEqual({ success: false, errors: [sentence], error: sentence });
    }
  });
});

describeOnServers('signing out', (server) => {
  it('ends this device and no other, without token headers on the answer', async () => {
    const { email, password, tokens } = await signUp(server);
    const other = await signIn(server, email, password);
    const answer = await call(server, 'DELETE', '/auth/sign_out', { headers: tokens });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('{"success":true}');
    expect(tokenHeadersOn(answer)).toEqual([]);
    expect(await isSignedIn(server, tokens)).toBe(false);
    expect(await isSignedIn(server, other)).toBe(true);
  });

  it('takes the credentials from a JSON body', async () => {
    const { tokens } = await signUp(server);
    const { 'token-type': _, ...json } = tokens;
    expect((await call(server, 'DELETE', '/auth/sign_out', { json })).status).toBe(200);
    expect(await isSignedIn(server, tokens)).toBe(false);
  });

  it('answers 404 when nobody is signed in, also the second time', async () => {
    const { tokens } = await signUp(server);
    await call(server, 'DELETE', '/auth/sign_out', { headers: tokens });
    const sentence = 'User was not found or was not logged in.';
    for (const headers of [{}, tokens]) {
      const answer = await call(server, 'DELETE', '/auth/sign_out?locale=en', { headers });
      expect(answer.status).toBe(404);
      expect(answer.json).toEqual({ success: false, errors: [sentence], error: sentence });
      expect(tokenHeadersOn(answer)).toEqual([]);
    }
  });
});

describeOnServers(
  'an account under guessing',
  (server) => {
    const locked = 'Your account has been locked due to an excessive number of unsuccessful sign in attempts.';

    it('is locked after the failures allowed, for a stranger and not for a device that signed in before', async () => {
      const { email, password, tokens } = await signUp(server);
      // Sign-up left this network known; the guesses must come from a stranger's.
      const stranger = { 'x-forwarded-for': '203.0.113.9' };
      for (let guess = 1; guess <= 3; guess += 1) {
        const answer = await call(server, 'POST', '/auth/sign_in?locale=en', {
          headers: stranger,
          json: { email, password: `guess ${guess}` },
        });
        expect([answer.status, answer.json.error]).toEqual([401, badCredentials]);
      }
      const refused = await call(server, 'POST', '/auth/sign_in?locale=en', {
        headers: stranger,
        json: { email, password },
      });
      expect(refused.status).toBe(401);
      expect(refused.json).toEqual({ success: false, errors: [locked], error: locked });
      expect(refused.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      await signIn(server, email, password);
      expect(await isSignedIn(server, tokens)).toBe(true);
    });

    it('is locked alike when nobody has it', async () => {
      const headers = { 'x-forwarded-for': '203.0.113.10' };
      const json = { email: 'nobody-at-all@example.org', password: 'a guess' };
      const sentences: unknown[] = [];
      for (let guess = 1; guess <= 4; guess += 1) {
        sentences.push((await call(server, 'POST', '/auth/sign_in?locale=en', { headers, json })).json.error);
      }
      expect(sentences).toEqual([badCredentials, badCredentials, badCredentials, locked]);
    });

    it('starts to count anew after a right password', async () => {
      const { email, password } = await signUp(server);
      for (let round = 1; round <= 3; round += 1) {
        for (const guess of ['first', 'second']) {
          const answer = await call(server, 'POST', '/auth/sign_in', { json: { email, password: guess } });
          expect(answer.status).toBe(401);
        }
        await signIn(server, email, password);
      }
    });
  },
  { FOYER_LOCK_FAILURES: '3', FOYER_TRUST_PROXY: '127.0.0.1' },
);

describeOnServer('an e-mail or password beyond ASCII', (server) => {
  it('opens from headers in UTF-8 as from the body', async () => {
    const { email } = await signUp(server, { password: 'neun Löben' });
    const bytes = (text: string) => Buffer.from(text).toString('latin1');
    const headers = { email: bytes(email), password: bytes('neun Löben') };
    expect((await call(server, 'POST', '/auth/sign_in', { headers })).status).toBe(200);
  });

  it('is shown in the lower case in which it opens', async () => {
    const shown = `νικοσ${Date.now()}@example.gr`;
    const { email, password } = await signUp(server, { email: shown.toUpperCase() });
    const answer = await call(server, 'POST', '/auth/sign_in', { json: { email, password } });
    expect(answer.json.data?.email).toBe(shown);
    await signIn(server, shown, password);
    // The final sigma of lower case is another letter, and another address.
    expect((await signUp(server, { email: shown.replace('σ', 'ς') })).email).not.toBe(shown);
  });
});

describeOnServer(
  'signing in with headers switched off',
  (server) => {
    it('reads the body only', async () => {
      const { email, password } = await signUp(server);
      expect((await call(server, 'POST', '/auth/sign_in', { headers: { email, password } })).status).toBe(401);
      await signIn(server, email, password);
    });
  },
  { FOYER_SIGN_IN_HEADERS: 'no' },
);
