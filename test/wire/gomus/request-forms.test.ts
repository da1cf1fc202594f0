import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { bruce, call, freshEmail, send, signUp, tokenHeaderNames, tokenHeadersOn } from './client.ts';

describeOnServer('the language of an answer', (server) => {
  it.each([
    ['de', 'Herr', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
    ['en', 'Mr', 'Invalid login credentials. Please try again.'],
    ['nl', 'Dhr.', undefined],
    ['de-AT', 'Herr', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
    ['EN', 'Mr', 'Invalid login credentials. Please try again.'],
    ['fr', 'Herr', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
    ['', 'Herr', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
    [undefined, 'Herr', 'Ungültige Anmeldeinformationen. Bitte versuchen Sie es erneut.'],
  ])('is %s', async (locale, salutation, sentence) => {
    const query = locale === undefined ? '' : `?locale=${locale}`;
    // The language of the browser is not asked: the page of the shop decides.
    const headers = { 'accept-language': 'en' };
    const signedIn = await call(server, 'POST', `/auth/sign_in${query}`, { headers, json: bruce });
    expect(signedIn.json.data?.salutation).toBe(salutation);
    const refused = await call(server, 'POST', `/auth/sign_in${query}`, { headers, json: { ...bruce, password: 'x' } });
    if (sentence === undefined) {
      expect(refused.json.error).not.toMatch(/Invalid|Ungültige/);
      expect(refused.json.error).toMatch(/\w+ \w+/);
    } else expect(refused.json.error).toBe(sentence);
  });

  it('is the store’s when odd parameters name none', async () => {
    for (const query of [
      'locale[]=en&locale[]=de',
      'locale=%00',
      'locale=en%ff',
      `locale=${'e'.repeat(5000)}`,
      'LOCALE=en',
    ]) {
      const answer = await call(server, 'POST', `/auth/sign_in?${query}`, { json: bruce });
      expect([query.slice(0, 30), answer.status, answer.json.data?.salutation]).toEqual([
        query.slice(0, 30),
        200,
        'Herr',
      ]);
    }
  });
});

describeOnServer('X-Shop-Url', (server) => {
  it.each([
    'demo-shop.gomus.de',
    'localhost',
    'DEMO-SHOP.gomus.de',
    'https://demo-shop.gomus.de',
    'http://demo-shop.gomus.de:8080/tickets?x=1',
    'localhost:3000',
    '',
  ])('is understood as %s', async (host) => {
    const answer = await call(server, 'POST', '/auth/sign_in', { headers: { 'x-shop-url': host }, json: bruce });
    expect(answer.status).toBe(200);
  });

  it.each([
    'other-shop.gomus.de',
    'demo-shop.gomus.de.evil.example',
    'https://',
    'demo-shop.gomus.de@evil.example',
    '../..',
    'x'.repeat(4000),
    '\xff\xfe',
  ])('is answered 404 when no store is there: %s', async (host) => {
    for (const [method, path] of [
      ['POST', '/auth/sign_in'],
      ['POST', '/auth'],
      ['GET', '/version'],
    ] as const) {
      const answer = await call(server, method, `${path}?locale=en`, { headers: { 'x-shop-url': host }, json: bruce });
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.json.errors).toEqual([answer.json.error]);
      expect(tokenHeadersOn(answer)).toEqual([]);
    }
  });

  it('names the host it did not find, in both languages', async () => {
    const headers = { 'x-shop-url': 'other-shop.gomus.de' };
    const english = await call(server, 'GET', '/version?locale=en', { headers });
    expect(english.json.error).toBe("There is no shop at 'other-shop.gomus.de'.");
    const german = await call(server, 'GET', '/version', { headers });
    expect(german.json.error).toBe("Es gibt keinen Shop unter 'other-shop.gomus.de'.");
  });
});

describeOnServer('a body', (server) => {
  const json = JSON.stringify(bruce);

  it.each([
    ['JSON under the JSON type', json, 'application/json'],
    ['JSON with a charset', json, 'application/json;charset=UTF-8'],
    ['JSON under a type of its own', json, 'application/vnd.api+json'],
    ['JSON under the form type, as the documented request', json, 'application/x-www-form-urlencoded'],
    ['JSON as plain text', json, 'text/plain'],
    ['JSON under multipart', json, 'multipart/form-data; boundary=x'],
    ['JSON without a type', json, undefined],
    ['JSON under a type that is none', json, 'nonsense'],
    ['JSON under an empty type', json, ''],
    ['JSON with space and a mark before it', `\ufeff \r\n\t${json}\n`, 'application/json'],
    [
      'a form',
      `email=${encodeURIComponent(bruce.email)}&password=${bruce.password}`,
      'application/x-www-form-urlencoded',
    ],
    [
      'a form with a charset',
      `password=${bruce.password}&email=${bruce.email}`,
      'application/x-www-form-urlencoded; charset=utf-8',
    ],
  ])('is read as %s', async (_, body, type) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    const answer = await call(server, 'POST', '/auth/sign_in', { headers, body });
    expect(answer.status).toBe(200);
  });

  it('of a form fills a sign-up, umlauts and plus signs included', async () => {
    const email = freshEmail();
    const body = `email=${email}&password=nine+lives&name=J%C3%BCrgen&surname=M%C3%BCller+S%2B&wants_newsletter=1`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await call(server, 'POST', '/auth', { headers, body });
    expect(answer.json.data).toMatchObject({ name: 'Jürgen', surname: 'Müller S+', newsletter_groups: '1' });
    expect((await call(server, 'POST', '/auth/sign_in', { json: { email, password: 'nine lives' } })).status).toBe(200);
  });

  it.each(['{', '{"email":', `${json}x`, '[1,', '{"a":01}', "{'a':1}", `{"a":${'['.repeat(5000)}`, '{"a":"\n"}'])(
    'is answered 400 when it is broken JSON: %j',
    async (body) => {
      for (const [locale, sentence] of [
        ['de', 'Der Inhalt der Anfrage ist kein gültiges JSON.'],
        ['en', 'The request body is not valid JSON.'],
      ]) {
        const headers = { 'content-type': 'application/json' };
        const answer = await call(server, 'POST', `/auth/sign_in?locale=${locale}`, { headers, body });
        expect(answer.status).toBe(400);
        expect(answer.json).toEqual({ error: sentence, errors: [sentence] });
      }
    },
  );

  it('is answered 400 when its bytes are no text', async () => {
    const body = Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    const answer = await call(server, 'POST', '/auth/sign_in?locale=en', { body });
    expect([answer.status, answer.json.error]).toEqual([400, 'The request body could not be read.']);
  });

  it('changes nothing when it is broken, and the session goes on', async () => {
    const { tokens } = await signUp(server);
    const headers = { ...tokens, 'content-type': 'application/json' };
    expect((await call(server, 'PUT', '/auth', { headers, body: '{"name":"Cat"' })).status).toBe(400);
    const seen = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
    expect([seen.status, seen.json.data?.name]).toEqual([200, 'Selina']);
  });

  it('may be 256 KiB long; one byte more is answered 413', async () => {
    const { tokens } = await signUp(server);
    const filled = (bytes: number) => {
      const text = JSON.stringify({ name: 'Cat', ballast: '' });
      return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
    };
    const headers = { ...tokens, 'content-type': 'application/json' };
    expect((await call(server, 'PUT', '/auth', { headers, body: filled(262_144) })).status).toBe(200);
    const answer = await call(server, 'PUT', '/auth?locale=en', { headers, body: filled(262_145) });
    expect(answer.status).toBe(413);
    expect(answer.json).toEqual({
      error: 'The request body is too large.',
      errors: ['The request body is too large.'],
    });
  });

  it('is answered 413 also when its length was not announced', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    const head = 'POST /api/v4/auth/sign_in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    socket.write(head + chunk.repeat(5));
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once('data', (data) => resolve(data.toString('utf8')));
      socket.once('error', reject);
    });
    socket.destroy();
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });
});

describeOnServer('a path', (server) => {
  it('may end in a slash', async () => {
    const { tokens } = await signUp(server);
    expect((await call(server, 'POST', '/auth/sign_in/', { json: bruce })).status).toBe(200);
    expect((await call(server, 'PUT', '/auth/?locale=de', { headers: tokens, json: { name: 'Cat' } })).status).toBe(
      200,
    );
    expect((await call(server, 'PUT', '/auth/sign_in/')).status).toBe(405);
  });

  it('answers HEAD as GET without a body', async () => {
    const { tokens } = await signUp(server);
    const answer = await call(server, 'HEAD', '/auth/validate_token', { headers: tokens });
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(tokenHeadersOn(answer)).toEqual([...tokenHeaderNames, 'authorization']);
    expect((await call(server, 'HEAD', '/auth/validate_token')).status).toBe(401);
  });

  it.each([
    '/',
    '/auth/sign_up',
    '/auth/edit',
    '/auth/cancel',
    '/auth/password/new',
    '/auth/unknown',
    '/museums',
    '/auth/sign_in/x',
    '/%00',
    '/%',
    '/..%2f',
    '/auth//sign_in',
  ])('is answered 404 where nothing is: %s', async (path) => {
    for (const method of ['GET', 'POST']) {
      const answer = await call(server, method, `${path}?locale=en`, { json: bruce });
      expect([method, answer.status]).toEqual([method, 404]);
      expect(answer.json).toEqual({
        error: 'There is no such API endpoint.',
        errors: ['There is no such API endpoint.'],
      });
    }
  });

  it('is taken as it is written where its bytes are no text', async () => {
    const answer = await call(server, 'GET', '/customers/%ff', { headers: { authorization: 'Bearer foyer-demo-key' } });
    expect(answer.status).toBe(404);
    expect(answer.json.errors).toEqual([answer.json.error]);
  });

  it.each([
    ['/auth/sign_in', 'PUT', ['POST']],
    ['/auth/sign_out', 'POST', ['DELETE']],
    ['/auth/validate_token', 'POST', ['GET', 'HEAD']],
    ['/auth', 'GET', ['DELETE', 'PATCH', 'POST', 'PUT']],
    ['/auth/password', 'DELETE', ['PATCH', 'PUT']],
    ['/version', 'DELETE', ['GET', 'HEAD']],
    ['/whoami', 'PUT', ['GET', 'HEAD']],
    ['/customers', 'DELETE', ['GET', 'HEAD', 'POST']],
    ['/customers/402', 'POST', ['GET', 'HEAD', 'PATCH', 'PUT']],
  ])('is answered 405 with Allow for a wrong method: %s', async (path, method, allowed) => {
    const answer = await call(server, method, path);
    expect(answer.status).toBe(405);
    expect(answer.headers.allow?.split(', ').sort()).toEqual(allowed);
  });

  it('is answered 404 or 405 whatever comes with it, never signed in by accident', async () => {
    const answer = await send(server, 'POST', '/api/v4x/auth/sign_in', { json: bruce });
    expect([answer.status, tokenHeadersOn(answer)]).toEqual([404, []]);
  });
});

describeOnServer('every answer', (server) => {
  it('carries a request id, forbids caches and sniffing, and is JSON in UTF-8', async () => {
    for (const answer of [
      await call(server, 'POST', '/auth/sign_in', { json: bruce }),
      await call(server, 'POST', '/auth/sign_in', { json: {} }),
      await call(server, 'GET', '/nowhere'),
      await call(server, 'DELETE', '/version'),
      await call(server, 'POST', '/auth/sign_in', { body: '{' }),
    ]) {
      expect(answer.headers['x-request-id']).toMatch(/^[\w.-]{8,64}$/);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    }
  });

  it('never is a 304, which would leave a client without its headers', async () => {
    const { tokens } = await signUp(server);
    const headers = { ...tokens, 'if-modified-since': 'Mon, 26 Jul 1997 05:00:00 GMT', 'if-none-match': '*' };
    const answer = await call(server, 'GET', '/auth/validate_token', { headers });
    expect([answer.status, tokenHeadersOn(answer).length]).toEqual([200, 6]);
  });
});
