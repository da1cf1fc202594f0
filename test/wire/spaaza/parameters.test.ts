import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { addMember, authenticate, call, freshEmail, type Json, john, send, update } from './client.ts';

const authenticatePath = '/rest/V1/spaaza/customer/authenticate';
const required = '"%fieldName" is required. Enter and try again.';

describeOnServer('the parameters of a request', (server) => {
  it('are known by their camelCase names too, which win', async () => {
    expect((await authenticate(server, { ...john, spaazaChainId: 123 })).json.authenticated).toBe(true);
    expect((await authenticate(server, { ...john, spaazaChainId: 124, spaaza_chain_id: 123 })).status).toBe(400);
    expect((await authenticate(server, { ...john, spaazaChainId: 123, spaaza_chain_id: 124 })).status).toBe(200);

    const userInfo = { username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' };
    const json = {
      userInfo,
      createIfNotExists: true,
      websiteCode: 'default',
      storeCode: 'default',
      spaazaChainId: 123,
    };
    expect((await call(server, 'POST', '/update', { json })).json.email).toBe(userInfo.username);
    const twice = { ...json, user_info: { username: john.email } };
    expect((await call(server, 'POST', '/update', { json: twice })).json.email).toBe(userInfo.username);
  });

  it('are case-sensitive, and unknown ones are ignored', async () => {
    expect((await authenticate(server, { ...john, Email: 'x', spaaza_chain_ID: 5, extra: { a: [1] } })).status).toBe(
      200,
    );
    expect((await authenticate(server, { EMAIL: john.email, password: 'x' })).json.parameters).toEqual({
      fieldName: 'email',
    });
  });

  it('come from the query first, then from the body', async () => {
    const inQuery = await send(server, 'POST', `${authenticatePath}?email=info%40spaaza.com`, {
      json: { email: 'nobody@spaaza.com', password: john.password },
    });
    expect(inQuery.json.customer_id).toBe(39);
    const all = await send(server, 'POST', `${authenticatePath}?email=info%40spaaza.com&password=${john.password}`);
    expect(all.json.authenticated).toBe(true);
    const camelInBody = await send(server, 'POST', `${authenticatePath}?spaaza_chain_id=124`, {
      json: { ...john, spaazaChainId: 123 },
    });
    expect(camelInBody.status).toBe(200);
  });

  it('of which one is given twice in the query count as the last one says', async () => {
    const answer = await send(server, 'POST', `${authenticatePath}?spaaza_chain_id=124&spaaza_chain_id=123`, {
      json: john,
    });
    expect(answer.status).toBe(200);
  });

  it('are absent when null', async () => {
    expect((await authenticate(server, { ...john, spaaza_chain_id: null })).json.authenticated).toBe(true);
    const answer = await call(server, 'POST', '/update', { json: { user_info: null } });
    expect(answer.text).toBe(`{"message":${JSON.stringify(required)},"parameters":{"fieldName":"user_info"}}`);
    expect(answer.status).toBe(400);
  });

  it('that are required and missing are named: one by itself, several together', async () => {
    const one = await authenticate(server, { email: john.email });
    expect(one.text).toBe(`{"message":${JSON.stringify(required)},"parameters":{"fieldName":"password"}}`);
    expect(one.status).toBe(400);
    const problem = (name: string) => ({ message: required, parameters: { fieldName: name } });
    const both = JSON.stringify({
      message: 'One or more input exceptions have occurred.',
      errors: [problem('email'), problem('password')],
    });
    for (const json of [{}, { email: null, password: null }, [], [{ email: 'a' }]]) {
      const answer = await authenticate(server, json);
      expect(answer.text).toBe(both);
      expect(answer.status).toBe(400);
    }
    expect((await call(server, 'POST', '/authenticate')).text).toBe(both);
  });

  it('that are empty texts are there', async () => {
    expect((await authenticate(server, { email: '', password: '' })).json).toMatchObject({
      authenticated: false,
      message: 'Invalid login or password.',
    });
  });
});

describeOnServer('a parameter of another type', (server) => {
  const typeError = (value: string, type: string): Json => ({
    message: `The "${value}" value's type is invalid. The "${type}" type was expected. Verify and try again.`,
  });

  it.each([
    ['123', 123],
    ['a text', '123'],
    ['a text with a fraction', '123.9'],
    ['a fraction', 123.9],
    ['a text with an exponent', '1.23e2'],
  ])('is read as PHP reads it: %s is chain 123', async (_title, spaaza_chain_id) => {
    expect((await authenticate(server, { ...john, spaaza_chain_id })).json.authenticated).toBe(true);
  });

  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['123abc', '123abc'],
    ['0x7b', '0x7b'],
    [true, '1'],
    [false, ''],
    [[123], 'array'],
    [{ id: 123 }, 'array'],
  ])('is refused where an int is expected: %j', async (spaaza_chain_id, shown) => {
    for (const answer of [
      await authenticate(server, { ...john, spaaza_chain_id }),
      await update(server, { username: john.email }, { spaaza_chain_id }),
    ]) {
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual(typeError(shown, 'int'));
    }
  });

  it.each([
    ['beyond the exact integers', '99999999999999999999'],
    ['infinite', '1e999'],
    ['negative', -123],
    ['zero', 0],
  ])('is no chain of ours when it is %s', async (_title, spaaza_chain_id) => {
    const answer = await authenticate(server, { ...john, spaaza_chain_id });
    expect(answer.status).toBe(400);
    expect(answer.json.message).toBe('The given Chain Id is not configured in Magento.');
  });

  it.each([[['a']], [{ a: 1 }], [[]], [{}]])('is refused where a text is expected: %j', async (value) => {
    const texts = { email: { ...john, email: value }, password: { ...john, password: value } };
    for (const json of Object.values(texts)) {
      const answer = await authenticate(server, json);
      expect(answer.status).toBe(400);
      expect(answer.json).toEqual(typeError('array', 'string'));
    }
    for (const name of ['website_code', 'store_code']) {
      const answer = await update(server, { username: john.email }, { [name]: value });
      expect(answer.json).toEqual(typeError('array', 'string'));
    }
  });

  it('is a text where one is expected: numbers and booleans are written out', async () => {
    const { email } = await addMember(server, { password: '1234Abcd' });
    for (const password of [1234, true, false, 12.5]) {
      const answer = await authenticate(server, { email, password });
      expect(answer.json).toMatchObject({ authenticated: false, message: 'Invalid login or password.' });
    }
    const byNumber = await update(server, { username: john.email }, { website_code: 12 });
    expect(byNumber.json.message).toBe(
      "The website that was requested wasn't found. Verify the website and try again.",
    );
  });

  it.each([1, '1', true, 'true', 'TRUE', 'on', 'Yes'])('asks for a create: %j', async (create_if_not_exists) => {
    const answer = await update(
      server,
      { username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' },
      { create_if_not_exists },
    );
    expect(answer.status).toBe(200);
  });

  it.each([0, '0', false, 'false', 'off', '', 'y', 2, '01', [], [true], {}])(
    'asks for no create and is no error: %j',
    async (create_if_not_exists) => {
      const person = { username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' };
      const answer = await update(server, person, { create_if_not_exists });
      expect(answer.text).toBe('{"message":"Customer not found"}');
    },
  );

  it.each([['text'], [5], [true], [[]], [[1]], [['username']]])('is refused as a user_info: %j', async (userInfo) => {
    const answer = await update(server, userInfo, { create_if_not_exists: true });
    expect(answer.status).toBe(400);
    expect(answer.json.parameters).toMatchObject({ fieldName: 'user_info' });
  });

  it('does no harm when its name is one that every object inherits', async () => {
    const body = '{"__proto__":{"email":"info@spaaza.com"},"constructor":1,"password":"x","toString":{}}';
    const answer = await call(server, 'POST', '/authenticate', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(400);
    expect(answer.json.parameters).toEqual({ fieldName: 'email' });
  });
});
