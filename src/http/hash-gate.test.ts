import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardHashing } from './hash-gate.ts';

describe('the gate in front of routes that hash', () => {
  let app: FastifyInstance;
  let isFull = false;
  let checked = 0;
  const routed: string[] = [];

  beforeEach(async () => {
    isFull = false;
    checked = 0;
    routed.length = 0;
    app = Fastify();
    guardHashing(app, () => {
      checked += 1;
      if (isFull) throw Object.assign(new Error('no room'), { statusCode: 503 });
    });
    app.addHook('onRequest', (request, reply, done) => {
      routed.push(`${request.method} ${request.url}`);
      reply.header('x-from-hook', 'yes');
      done();
    });
    app.post('/auth/sign_in', { config: { hashesPassword: true } }, async () => 'signed in');
    app.get('/auth/sign_in', async () => 'how to');
    app.post('/auth/other', async () => 'other');
    await app.ready();
  });
  afterEach(() => app.close());

  const arrive = (method: string, url: string): void => {
    const request = Object.assign(new IncomingMessage(new Socket()), { method, url });
    app.server.emit('request', request, new ServerResponse(request));
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it('routes a few of those who arrive together in each turn, in their order, and everything else at once', async () => {
    for (let count = 0; count < 20; count += 1) arrive('POST', `/auth/sign_in?${count}`);
    arrive('POST', '/auth/other');
    arrive('GET', '/auth/sign_in');
    const first = Array.from({ length: 8 }, (_, count) => `POST /auth/sign_in?${count}`);
    expect(routed).toEqual([...first, 'POST /auth/other', 'GET /auth/sign_in']);
    await turn();
    expect(routed.slice(10)).toEqual(Array.from({ length: 8 }, (_, count) => `POST /auth/sign_in?${count + 8}`));
    await turn();
    expect(routed.slice(18)).toEqual(Array.from({ length: 4 }, (_, count) => `POST /auth/sign_in?${count + 16}`));
  });

  it('lets no more of them in when their path is written in another way', async () => {
    for (let count = 0; count < 6; count += 1) arrive('POST', '/auth/sign_in');
    for (let count = 0; count < 6; count += 1) arrive('POST', '/auth/%73ign_in');
    expect([routed.length, checked]).toEqual([12, 8]);
    await turn();
    expect([routed.length, checked]).toEqual([12, 12]);
  });

  it('refuses while there is no room, with what the hooks of the protocol have put on the reply', async () => {
    isFull = true;
    const refused = await app.inject({ method: 'POST', url: '/auth/sign_in', payload: '{"broken' });
    expect([refused.statusCode, refused.headers['x-from-hook']]).toEqual([503, 'yes']);
    expect((await app.inject({ method: 'POST', url: '/auth/other' })).statusCode).toBe(200);
    expect((await app.inject({ url: '/auth/sign_in' })).statusCode).toBe(200);
    isFull = false;
    expect((await app.inject({ method: 'POST', url: '/auth/sign_in' })).body).toBe('signed in');
  });
});
