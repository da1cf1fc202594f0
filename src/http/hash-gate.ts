import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { Turnstile } from './turnstile.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** True for what costs a password hash: such requests come in a few at a time, and none while the line is full. */
    hashesPassword?: boolean;
  }
}

/** Each costs a fraction of a millisecond before it waits or is sent away: a reader in between waits for a few. */
const perTurn = 8;

/**
 * Bounds what a storm of sign-ins costs everybody else. Requests to a route that hashes a password are routed a few in
 * each turn of the event loop, and refused before their body is read while the hash would be refused; `checkRoom` throws
 * then. Call it before the routes are registered.
 */
export function guardHashing(app: FastifyInstance, checkRoom: () => void): void {
  const turnstile = new Turnstile(perTurn);
  const names = new Set<string>();
  const letThrough = new WeakSet<IncomingMessage>();
  app.addHook('onRoute', (route) => {
    if (!route.config?.hashesPassword) return;
    names.add(lastSegment(route.url));
    route.onRequest = (request, _reply, done) => {
      if (letThrough.has(request.raw)) done();
      else turnstile.enter(done);
    };
    // Behind the protocol's own onRequest hooks: browsers read a refusal only with the headers these put on the reply.
    route.preParsing = (_request, _reply, payload, done) => {
      checkRoom();
      done(null, payload);
    };
  });
  // In front of the router, because routing is a good part of what a request costs before it is sent away. Told by the end
  // of its path: one that is written in another way (`/sign_in/`, `/%73ign_in`) waits behind the router instead.
  const [router] = app.server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  app.server.removeAllListeners('request');
  app.server.on('request', (request, response) => {
    if (request.method === 'POST' && names.has(lastSegment(request.url ?? ''))) {
      letThrough.add(request);
      turnstile.enter(() => router!(request, response));
    } else {
      router!(request, response);
    }
  });
}

function lastSegment(url: string): string {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  return path.slice(path.lastIndexOf('/') + 1);
}
