import { expect, it } from 'vitest';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { call, isSignedIn, signIn, signUp, tokenHeaderNames, tokenHeadersOn, tokensOf } from './client.ts';

const next = { password: 'ten lives', password_confirmation: 'ten lives' };
const changed = 'Your password has been successfully updated.';

describeOnServers('changing the password', (server) => {
  it.each(['PUT', 'PATCH'])('takes the current one and answers data and message (%s)', async (method) => {
    const { tokens, email, password, id } = await signUp(server);
    const answer = await call(server, method, '/auth/password?locale=en', {
      headers: tokens,
      json: { ...next, current_password: password },
    });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['success', 'data', 'message']);
    expect(answer.json).toMatchObject({ success: true, data: { id }, message: changed });
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    await signIn(server, email, next.password);
    await expect(signIn(server, email, password)).rejects.toThrow('401');
  });

  it('keeps the acting device, though it is not the latest, and ends every other', async () => {
    const acting = await signUp(server);
    const others = [];
    for (let device = 1; device <= 3; device += 1) others.push(await signIn(server, acting.email, acting.password));
    const stranger = await signUp(server);
    const answer = await call(server, 'PUT', '/auth/password', {
      headers: acting.tokens,
      json: { ...next, current_password: acting.password },
    });
    expect(await isSignedIn(server, tokensOf(answer))).toBe(true);
    for (const other of others) expect(await isSignedIn(server, other)).toBe(false);
    expect(await isSignedIn(server, stranger.tokens)).toBe(true);
  });

  it('works by PUT /auth in the same way, other fields beside it', async () => {
    const { tokens, email, password } = await signUp(server);
    const other = await signIn(server, email, password);
    const answer = await call(server, 'PUT', '/auth', {
      headers: tokens,
      json: { ...next, current_password: password, name: 'Cat' },
    });
    expect([answer.status, answer.json.data?.name]).toEqual([200, 'Cat']);
    expect([await isSignedIn(server, tokens), await isSignedIn(server, other)]).toEqual([true, false]);
    await signIn(server, email, next.password);
  });

  it('stops a stolen token from guessing the current one, and leaves the owner free to sign in', async () => {
    const { tokens, email, password } = await signUp(server);
    const guess = (current: string) =>
      call(server, 'PUT', '/auth?locale=en', { headers: tokens, json: { ...next, current_password: current } });
    for (let failure = 1; failure <= 10; failure += 1) expect((await guess('wrong one')).status).toBe(422);
    const locked = await guess(password);
    expect([locked.status, Number(locked.headers['retry-after']) > 0]).toEqual([401, true]);
    expect(locked.json.error).toContain('locked');
    expect((await signIn(server, email, password)).client).toBeDefined();
  });

  it('forgets the wrong ones once the right one comes', async () => {
    const { tokens, password } = await signUp(server);
    const send = (current_password: string) =>
      call(server, 'PUT', '/auth', { headers: tokens, json: { name: 'Cat', current_password } });
    for (let round = 1; round <= 2; round += 1) {
      for (let failure = 1; failure <= 9; failure += 1) expect((await send('wrong one')).status).toBe(422);
      expect((await send(password)).status).toBe(200);
    }
  });

  it('gives no token headers when the session ended while the password was hashed', async () => {
    const { tokens, email, password } = await signUp(server);
    // They stand in line before it.
    const others = Array.from({ length: 30 }, (_, index) =>
      call(server, 'POST', '/auth/sign_in', { json: { email: `nobody-${index}@example.org`, password } }),
    );
    const changing = call(server, 'PUT', '/auth/password', {
      headers: tokens,
      json: { ...next, current_password: password },
    });
    expect(await isSignedIn(server, tokens)).toBe(true);
    expect((await call(server, 'DELETE', '/auth/sign_out', { headers: tokens })).status).toBe(200);
    const answer = await changing;
    expect([answer.status, answer.json.error]).toEqual([401, 'Unauthorized']);
    expect(tokenHeadersOn(answer)).toEqual([]);
    await Promise.all(others);
    await signIn(server, email, password);
  });

  it('leaves a history row and an event without the password', async () => {
    const { tokens, password, id } = await signUp(server);
    await call(server, 'PUT', '/auth/password', { headers: tokens, json: { ...next, current_password: password } });
    const { store } = server.app;
    const rows = (await store.history.listByCustomer(id)).filter(({ field }) => field === 'password');
    expect(rows).toMatchObject([
      { before: null, after: 'set', actor: 'anonymous' },
      { before: 'set', after: 'set', actor: `customer ${id}` },
    ]);
    const events = (await store.outbox.list(1000)).filter(({ event }) => event.customerId === id);
    expect(events.map(({ event }) => event.type)).toEqual(['customer.created', 'customer.password_changed']);
    expect(JSON.stringify([rows, events])).not.toContain('lives');
  });
});

describeOnServer('a password that cannot be changed', (server) => {
  it.each([
    ['a wrong current one', { ...next, current_password: 'a guess' }, { current_password: ['is invalid'] }],
    ['no current one', next, { current_password: ["can't be blank"] }],
    ['a blank current one', { ...next, current_password: '' }, { current_password: ["can't be blank"] }],
    ['null for the current one', { ...next, current_password: null }, { current_password: ["can't be blank"] }],
    [
      'a current one that is no text',
      { ...next, current_password: ['nine lives'] },
      { current_password: ['is invalid'] },
    ],
    [
      'another confirmation',
      { ...next, password_confirmation: 'no lives', current_password: 'nine lives' },
      { password_confirmation: ["doesn't match Password"] },
    ],
    [
      'a short one',
      { password: 'lives', password_confirmation: 'lives', current_password: 'nine lives' },
      { password: ['is too short (minimum is 6 characters)'] },
    ],
    [
      'a long one',
      { password: 'x'.repeat(129), password_confirmation: 'x'.repeat(129), current_password: 'nine lives' },
      { password: ['is too long (maximum is 128 characters)'] },
    ],
    [
      'one of spaces',
      { password: '       ', password_confirmation: '       ', current_password: 'nine lives' },
      { password: ["can't be blank"] },
    ],
    [
      'a list',
      { password: ['ten lives'], password_confirmation: 'ten lives', current_password: 'nine lives' },
      { password: ['is invalid'] },
    ],
  ])('answers 422 to %s and stays as it was', async (_, json, errors) => {
    const { tokens, email, password } = await signUp(server);
    const other = await signIn(server, email, password);
    for (const [path, mark] of [
      ['/auth/password', { success: false }],
      ['/auth', { status: 'error' }],
    ] as const) {
      const answer = await call(server, 'PUT', `${path}?locale=en`, { headers: tokens, json });
      expect([path, answer.status]).toEqual([path, 422]);
      expect(answer.json).toMatchObject({ ...mark, errors });
      expect((answer.json.errors as { full_messages: string[] }).full_messages[0]).toBe(answer.json.error);
      expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    }
    await signIn(server, email, password);
    expect(await isSignedIn(server, other)).toBe(true);
  });

  it.each([
    {},
    { password: 'ten lives' },
    { password_confirmation: 'ten lives' },
    { password: '', password_confirmation: '' },
    { password: null, password_confirmation: null },
  ])('answers 422 to missing fields with the sentence for it: %j', async (json) => {
    const { tokens } = await signUp(server);
    for (const [locale, sentence] of [
      ['en', "You must fill out the fields labeled 'Password' and 'Password confirmation'."],
      ['de', "Sie müssen die Felder 'Passwort' und 'Passwortbestätigung' ausfüllen."],
    ]) {
      const answer = await call(server, 'PUT', `/auth/password?locale=${locale}`, { headers: tokens, json });
      expect(answer.status).toBe(422);
      expect(answer.json).toEqual({ success: false, errors: [sentence], error: sentence });
    }
  });

  it('answers 401 to nobody, in English always', async () => {
    for (const locale of ['de', 'en']) {
      for (const json of [{ ...next, current_password: 'nine lives' }, {}]) {
        const answer = await call(server, 'PUT', `/auth/password?locale=${locale}`, { json });
        expect(answer.status).toBe(401);
        expect(answer.json).toEqual({ success: false, errors: ['Unauthorized'], error: 'Unauthorized' });
        expect(tokenHeadersOn(answer)).toEqual([]);
      }
    }
  });

  it('is not needed for other fields, but a wrong or blank one sent along stops them', async () => {
    const { tokens, password } = await signUp(server);
    const update = (json: unknown) => call(server, 'PUT', '/auth?locale=en', { headers: tokens, json });
    expect((await update({ name: 'Cat' })).status).toBe(200);
    expect((await update({ name: 'Catherine', current_password: password })).status).toBe(200);
    const refused = await update({ name: 'Selina', current_password: 'a guess' });
    expect([refused.status, refused.json.error]).toEqual([422, 'Current password is invalid']);
    const blank = await update({ name: 'Selina', current_password: '' });
    expect([blank.status, blank.json.error]).toEqual([422, "Current password can't be blank"]);
    const seen = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(seen.json.data?.name).toBe('Catherine');
  });
});

describeOnServer(
  'a password where the current one is not asked for',
  (server) => {
    it('changes without it, and not with a wrong one', async () => {
      const { tokens, email } = await signUp(server);
      const wrong = { ...next, current_password: 'a guess' };
      expect((await call(server, 'PUT', '/auth/password', { headers: tokens, json: wrong })).status).toBe(422);
      expect((await call(server, 'PUT', '/auth/password', { headers: tokens, json: next })).status).toBe(200);
      await signIn(server, email, next.password);
      expect((await call(server, 'PUT', '/auth', { headers: tokens, json: { password: 'just lives' } })).status).toBe(
        200,
      );
      await signIn(server, email, 'just lives');
    });
  },
  { FOYER_REQUIRE_CURRENT_PASSWORD: 'no' },
);
