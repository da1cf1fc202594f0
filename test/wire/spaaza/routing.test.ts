import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { type Answer, call, john, send } from './client.ts';

const noRoute = '{"message":"Request does not match any route."}';
const unprocessable = '{"message":"Specified request cannot be processed."}';
const notAuthorized =
  '{"message":"The consumer isn\'t authorized to access %resources.","parameters":{"resources":"Spaaza_Loyalty::customer_read"}}';
const byId = 'spaaza/customer/user_info/1';

describeOnServer('the path', (server) => {
  const get = (path: string, key?: string | null): Promise<Answer> => send(server, 'GET', path, { key });

  it.each([
    `/rest/V1/${byId}`,
    `/rest/default/V1/${byId}`,
    `/rest/all/V1/${byId}`,
    `/rest/V1/${byId}/`,
    `/rest/all/V1/${byId}/`,
    `/rest/V1/${byId}?unknown=parameter&searchCriteria`,
  ])('leads to the customer: %s', async (path) => {
    expect((await get(path)).json.username).toBe('roni_cost@example.com');
  });

  it('leads to the writing endpoints with a store code too', async () => {
    const path = '/rest/default/V1/spaaza/customer/authenticate/';
    expect((await send(server, 'POST', path, { json: john })).json.customer_id).toBe(39);
  });

  it.each([
    `/rest/nosuch/V1/${byId}`,
    `/rest/Default/V1/${byId}`,
    `/rest/1/V1/${byId}`,
    `/rest/v1/${byId}`,
    `/rest/${byId}`,
    '/rest',
    '/rest/',
    '/rest/default',
    '/rest/all/',
    '/rest/V1x/spaaza',
  ])('cannot be processed: %s', async (path) => {
    for (const key of ['foyer-demo-key', null]) {
      const answer = await get(path, key);
      expect(answer.text).toBe(unprocessable);
      expect(answer.status).toBe(400);
    }
  });

  it.each([
    '/rest/V1',
    '/rest/default/V1/',
    '/rest/V1/customers/1',
    '/rest/V2/spaaza/customer/user_info/1',
    '/rest/V1/spaaza/customer',
    '/rest/V1/spaaza/customer/user_info',
    '/rest/V1/spaaza/customer/user_info/',
    '/rest/V1/Spaaza/customer/user_info/1',
    '/rest/V1/spaaza/customer/User_Info/1',
    '/rest/V1/spaaza/customer/user%5Finfo/1',
    '/rest/V1/spaaza/customer/user_info//1',
    '/rest/V1/spaaza/customer//user_info/1',
    '/rest/V1//spaaza/customer/user_info/1',
    '/rest/V1/V1/spaaza/customer/user_info/1',
    '/rest/V1/spaaza/customer/user_info/123/a@b.nl/more',
    '/rest/V1/spaaza/customer/user_info_by_email/123/a@b.nl/more',
    '/rest/V1/spaaza/customer/user_info_by_email',
  ])('matches no route: %s', async (path) => {
    for (const key of ['foyer-demo-key', null]) {
      const answer = await get(path, key);
      expect(answer.text).toBe(noRoute);
      expect(answer.status).toBe(404);
    }
  });
});

describeOnServer('the method', (server) => {
  it.each([
    ['GET', '/authenticate'],
    ['GET', '/update'],
    ['PUT', '/update'],
    ['DELETE', '/update'],
    ['HEAD', '/update'],
    ['POST', '/user_info/1'],
    ['PUT', '/user_info/1'],
    ['DELETE', '/user_info/1'],
    ['POST', '/user_info_by_email/123/a@b.nl'],
  ])('matches no route when it is another one’s: %s %s', async (method, path) => {
    for (const key of ['foyer-demo-key', null]) {
      const answer = await call(server, method, path, { key });
      expect(answer.status).toBe(404);
      expect(answer.text).toBe(method === 'HEAD' ? '' : noRoute);
      expect(answer.headers.allow).toBeUndefined();
    }
  });

  it.each(['PATCH', 'TRACE', 'PROPFIND', 'SEARCH'])('is not supported anywhere: %s', async (method) => {
    for (const path of ['/rest/V1/spaaza/customer/update', '/rest/V1/spaaza/customer/user_info/1', '/rest/nosuch']) {
      const answer = await send(server, method, path, { key: null });
      expect(answer.status).toBe(405);
      expect(answer.text).toBe(`{"message":"The ${method} HTTP method is not supported."}`);
    }
  });

  it('OPTIONS tells what is allowed on a known path, without a key', async () => {
    const options = async (path: string) => (await call(server, 'OPTIONS', path, { key: null })).headers.allow;
    expect(await options('/update')).toBe('POST');
    expect(await options('/authenticate')).toBe('POST');
    expect(await options('/user_info/1')).toBe('GET');
    expect(await options('/user_info_by_email/123/a@b.nl')).toBe('GET');
    expect((await call(server, 'OPTIONS', '/no/such/route')).status).toBe(405);
  });

  it('HEAD answers like GET, without the body', async () => {
    const full = await call(server, 'GET', '/user_info/1');
    const head = await call(server, 'HEAD', '/user_info/1');
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers['content-length']).toBe(String(Buffer.byteLength(full.text)));
    expect((await call(server, 'HEAD', '/user_info/9999')).status).toBe(404);
    expect((await call(server, 'HEAD', '/user_info/1', { key: null })).status).toBe(401);
  });
});

describeOnServer('of several faults the answer names', (server) => {
  const broken = { body: '{"broken', headers: { 'content-type': 'application/json' } };

  it('the Accept header before anything else', async () => {
    const headers = { ...broken.headers, accept: 'image/png' };
    for (const path of ['/rest/v1/x', '/rest/V1/x', '/rest/V1/spaaza/customer/update']) {
      expect((await send(server, 'POST', path, { ...broken, headers, key: null })).status).toBe(406);
    }
  });

  it('the missing route before the missing key and the broken body', async () => {
    for (const key of ['foyer-demo-key', null]) {
      const answer = await call(server, 'POST', '/nosuch', { ...broken, key });
      expect(answer.text).toBe(noRoute);
      expect((await call(server, 'POST', '/user_info/1', { ...broken, key })).text).toBe(noRoute);
      expect((await call(server, 'PUT', '/update', { ...broken, key })).text).toBe(noRoute);
    }
  });

  it('the store code before the missing key', async () => {
    expect((await send(server, 'GET', `/rest/nosuch/V1/${byId}`, { key: null })).text).toBe(unprocessable);
  });

  it('the missing key before the broken body, the parameters and the customer', async () => {
    expect((await call(server, 'POST', '/update', { ...broken, key: null })).status).toBe(401);
    expect((await call(server, 'POST', '/authenticate', { json: {}, key: null })).status).toBe(401);
    expect((await call(server, 'GET', '/user_info/abc', { key: null })).text).toBe(notAuthorized);
    expect((await call(server, 'GET', '/user_info/9999', { key: null })).text).toBe(notAuthorized);
  });

  it('the broken body before the parameters, those before the chain, the chain before the customer', async () => {
    expect((await call(server, 'POST', '/update', broken)).json.message).toBe('Decoding error.');
    const missing = await call(server, 'POST', '/authenticate', { json: { spaaza_chain_id: 9 } });
    expect(missing.json.errors).toHaveLength(2);
    const chain = await call(server, 'POST', '/update', { json: { user_info: {}, spaaza_chain_id: 9 } });
    expect(chain.json.message).toBe('The given Chain Id is not configured in Magento.');
  });
});

describeOnServer('maintenance', (server) => {
  it('shuts the doors with 503 in this wire’s shape, and opens them again', async () => {
    await server.app.accounts.setMaintenance({ isOn: true });
    const answer = await call(server, 'GET', '/user_info/1');
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Object.keys(answer.json)).toEqual(['message']);
    await server.app.accounts.setMaintenance({ isOn: false });
    expect((await call(server, 'GET', '/user_info/1')).status).toBe(200);
  });
});
