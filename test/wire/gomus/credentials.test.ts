import { expect, it } from 'vitest';
import { describeOnServer, describeOnServers } from '../server-under-test.ts';
import { call, freshEmail, signUp, type Tokens, tokenHeadersOn } from './client.ts';

const invalid = 'Invalid login credentials';

describeOnServers('validating a token', (server) => {
  it('answers the customer under data for a good set of headers', async () => {
    const { tokens, id } = await signUp(server);
    const answer = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['success', 'data']);
    expect(answer.json).toMatchObject({ success: true, data: { id } });
  });

  it('reads the set from the base64 of Authorization as well, our own and one of three values', async () => {
    const { tokens } = await signUp(server);
    const ours = (await call(server, 'GET', '/auth/validate_token', { headers: tokens })).headers.authorization;
    const { 'token-type': _, ...three } = tokens;
    for (const authorization of [String(ours), `Bearer ${base64(three)}`, `bearer ${base64(tokens)}`, base64(three)]) {
      const answer = await call(server, 'GET', '/auth/validate_token', { headers: { authorization } });
      expect([authorization.slice(0, 8), answer.status]).toEqual([authorization.slice(0, 8), 200]);
      expect(answer.headers['access-token']).toBe(tokens['access-token']);
    }
  });

  it('reads them from the query as well', async () => {
    const { tokens } = await signUp(server);
    const query = new URLSearchParams(tokens).toString();
    expect((await call(server, 'GET', `/auth/validate_token?${query}`)).status).toBe(200);
  });

  it('puts headers before the query, the query before the body, the body before Authorization', async () => {
    const { tokens } = await signUp(server);
    const wrong = { ...tokens, 'access-token': 'wrong' };
    const query = (from: Tokens) => new URLSearchParams(from).toString();
    const authorization = (from: Tokens) => ({ authorization: `Bearer ${base64(from)}` });
    const status = async (path: string, headers: Record<string, string>, json: Record<string, unknown>) =>
      (await call(server, 'PUT', path, { headers, json: { name: 'Cat', ...json } })).status;

    expect(await status(`/auth?${query(wrong)}`, tokens, wrong)).toBe(200);
    expect(await status(`/auth?${query(tokens)}`, wrong, tokens)).toBe(404);
    expect(await status(`/auth?${query(tokens)}`, authorization(wrong), wrong)).toBe(200);
    expect(await status('/auth', authorization(wrong), tokens)).toBe(200);
    expect(await status('/auth', authorization(tokens), wrong)).toBe(404);
  });

  it('fills single values in from the next place', async () => {
    const { tokens } = await signUp(server);
    const headers = { 'access-token': tokens['access-token'] };
    const path = `/auth/validate_token?client=${tokens.client}&uid=${encodeURIComponent(tokens.uid)}`;
    expect((await call(server, 'GET', path, { headers })).status).toBe(200);
  });

  it.each([
    ['no credentials', () => ({})],
    ['a wrong token', (tokens: Tokens) => ({ ...tokens, 'access-token': 'wrong' })],
    ['a token of another length', (tokens: Tokens) => ({ ...tokens, 'access-token': `${tokens['access-token']}A` })],
    ['an unknown client', (tokens: Tokens) => ({ ...tokens, client: 'unknown' })],
    ['no client', ({ client: _, ...tokens }: Tokens) => tokens],
    ['no uid', ({ uid: _, ...tokens }: Tokens) => tokens],
    ['no token', ({ 'access-token': _, ...tokens }: Tokens) => tokens],
    ['blank values', () => ({ 'access-token': '', client: '', uid: '' })],
    ['a strange uid', (tokens: Tokens) => ({ ...tokens, uid: freshEmail() })],
    ['a uid of bytes that are no text', (tokens: Tokens) => ({ ...tokens, uid: '\xff\xfe' })],
    ['an encoded NUL in the uid', (tokens: Tokens) => ({ ...tokens, uid: `${tokens.uid}%00` })],
    ['huge values', (tokens: Tokens) => ({ ...tokens, client: 'c'.repeat(5000) })],
  ] as [string, (tokens: Tokens) => Record<string, string>][])('answers 401 to %s', async (_, headersFrom) => {
    const { tokens } = await signUp(server);
    const answer = await call(server, 'GET', '/auth/validate_token?locale=en', { headers: headersFrom(tokens) });
    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ success: false, errors: [invalid], error: invalid });
    expect(tokenHeadersOn(answer)).toEqual([]);
  });

  it('answers 401 to values in the query or the body that no header could hold', async () => {
    const { tokens } = await signUp(server);
    const odd = ['%00', '%ff', '%ed%a0%80', '%0a', '%25', 'x'.repeat(9000)];
    for (const value of odd) {
      for (const name of ['access-token', 'client', 'uid'] as const) {
        const query = new URLSearchParams({ ...tokens, [name]: '' }).toString();
        const answer = await call(
          server,
          'GET',
          `/auth/validate_token?${query}${query.endsWith('=') ? '' : `&${name}=`}${value}`,
        );
        expect([name, value.slice(0, 10), answer.status]).toEqual([name, value.slice(0, 10), 401]);
      }
    }
    for (const value of [
      null,
      1,
      true,
      [],
      {},
      [tokens.client],
      { client: 1 },
      '\u0000',
      '\ud800',
      'x'.repeat(200_000),
    ]) {
      for (const name of ['access-token', 'client', 'uid'] as const) {
        const json = { ...tokens, [name]: value };
        expect((await call(server, 'DELETE', '/auth/sign_out', { json })).status).toBe(404);
      }
    }
    expect((await call(server, 'GET', '/auth/validate_token', { headers: tokens })).status).toBe(200);
  });

  it('takes the uid in another case and with spaces, but not the token', async () => {
    const { tokens } = await signUp(server);
    const withUid = { ...tokens, uid: tokens.uid.toUpperCase() };
    expect((await call(server, 'GET', '/auth/validate_token', { headers: withUid })).status).toBe(200);
    const token = tokens['access-token'];
    const swapped = /[a-z]/.test(token) ? token.toUpperCase() : token.toLowerCase();
    const withToken = { ...tokens, 'access-token': swapped };
    expect((await call(server, 'GET', '/auth/validate_token', { headers: withToken })).status).toBe(401);
  });

  it('never lets the token of one customer open the account of another', async () => {
    const [one, two] = [await signUp(server), await signUp(server)];
    for (const headers of [
      { ...one.tokens, uid: two.tokens.uid },
      { ...one.tokens, client: two.tokens.client },
      { ...one.tokens, uid: two.tokens.uid, client: two.tokens.client },
    ]) {
      expect((await call(server, 'GET', '/auth/validate_token', { headers })).status).toBe(401);
    }
  });

  it('keeps a uid with letters outside ASCII usable in both directions', async () => {
    const email = freshEmail().replace('visitor', 'jürgen');
    const { tokens } = await signUp(server, { email });
    expect(tokens.uid).toMatch(/^[\x21-\x7e]+$/);
    for (const uid of [tokens.uid, Buffer.from(email).toString('latin1')]) {
      const answer = await call(server, 'GET', '/auth/validate_token', { headers: { ...tokens, uid } });
      expect([uid, answer.status, answer.json.data?.email]).toEqual([uid, 200, email]);
    }
    const authorization = `Bearer ${base64({ ...tokens, uid: email })}`;
    expect((await call(server, 'GET', '/auth/validate_token', { headers: { authorization } })).status).toBe(200);
  });

  it('keeps a uid usable that looks like a percent code', async () => {
    const email = freshEmail().replace('visitor', '50%41');
    const { tokens } = await signUp(server, { email });
    const answer = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect([answer.status, answer.json.data?.email, answer.headers.uid]).toEqual([200, email, tokens.uid]);
  });
});

describeOnServer('an Authorization that is no set of headers', (server) => {
  it.each([
    ['bad base64', 'Bearer ###'],
    ['base64 of no JSON', `Bearer ${Buffer.from('{"uid":').toString('base64')}`],
    ['base64 of a number', `Bearer ${Buffer.from('42').toString('base64')}`],
    ['base64 of an array', `Bearer ${Buffer.from('["a"]').toString('base64')}`],
    ['base64 of null', `Bearer ${Buffer.from('null').toString('base64')}`],
    ['base64 of a text', `Bearer ${Buffer.from('"abc"').toString('base64')}`],
    ['base64 of an empty object', `Bearer ${base64({})}`],
    ['base64 of wrong types', `Bearer ${base64({ 'access-token': 1, client: [], uid: {} })}`],
    ['base64 of a NUL', `Bearer ${base64({ 'access-token': '\u0000', client: '\u0000', uid: '\u0000' })}`],
    [
      'base64 of a lone surrogate',
      `Bearer ${Buffer.from('{"access-token":"\\ud800","client":"\\ud800","uid":"\\ud800"}').toString('base64')}`,
    ],
    ['base64 of bytes that are no text', `Bearer ${Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64')}`],
    ['base64 of a prototype', `Bearer ${Buffer.from('{"__proto__":{"uid":"a"}}').toString('base64')}`],
    ['a scheme alone', 'Bearer'],
    ['another scheme', 'Basic dXNlcjpwYXNz'],
    ['a very long word', `Bearer ${'A'.repeat(8000)}`],
    ['nothing', ''],
  ])('is ignored: %s', async (_, authorization) => {
    const alone = await call(server, 'GET', '/auth/validate_token?locale=en', { headers: { authorization } });
    expect([alone.status, alone.json.error]).toEqual([401, invalid]);
    const { tokens } = await signUp(server);
    const beside = await call(server, 'GET', '/auth/validate_token', { headers: { ...tokens, authorization } });
    expect(beside.status).toBe(200);
  });

  it('is ignored when it repeats the access token, as one client does', async () => {
    const { tokens } = await signUp(server);
    const headers = { ...tokens, authorization: `Bearer ${tokens['access-token']}` };
    expect((await call(server, 'GET', '/auth/validate_token', { headers })).status).toBe(200);
    expect((await call(server, 'GET', '/whoami', { headers })).json).toEqual({ access: 'customer' });
  });

  it('does not matter to the wrong token type or expiry that clients send back', async () => {
    const { tokens } = await signUp(server);
    const headers = { ...tokens, 'token-type': 'MAC', expiry: '1' };
    expect((await call(server, 'GET', '/auth/validate_token', { headers })).status).toBe(200);
  });

  it('never reaches the log, wherever credentials came from', async () => {
    const { tokens, password } = await signUp(server);
    const query = new URLSearchParams(tokens).toString();
    await call(server, 'GET', `/auth/validate_token?${query}`);
    await call(server, 'DELETE', '/auth/sign_out', {
      json: { ...tokens, 'access-token': `${tokens['access-token']}x` },
    });
    await call(server, 'GET', `/nowhere?${query}`, { headers: tokens });
    expect(server.rawLog()).toContain('validate_token');
    expect(server.rawLog()).not.toContain(tokens['access-token']);
    expect(server.rawLog()).not.toContain(password);
  });
});

function base64(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
