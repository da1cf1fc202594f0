import fastifyCors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Headers a shop's page must be able to read; without them a browser client loses its session (gomus 5, pain 6). */
const exposedHeaders = [
  'access-token',
  'token-type',
  'client',
  'expiry',
  'uid',
  'authorization',
  'x-request-id',
  'retry-after',
];

const allowedHeaders = [
  'content-type',
  'accept',
  'accept-language',
  'authorization',
  'access-token',
  'token-type',
  'client',
  'expiry',
  'uid',
  'x-shop-url',
  'x-request-id',
  // Some token clients send it on every request to defeat caches (gomus 4).
  'if-modified-since',
];

/**
 * Lets the pages of the stores' hosts call the API from a browser; register in the scope it is for. `hasHost` says which
 * host names belong to a store, so that a new store needs no restart.
 */
export async function allowStoreOrigins(app: FastifyInstance, hasHost: (host: string) => boolean): Promise<void> {
  await app.register(fastifyCors, {
    origin: (origin, decide) => decide(null, origin !== undefined && hasHost(hostOf(origin))),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders,
    exposedHeaders,
    maxAge: 7_200,
    strictPreflight: false,
  });
}

function hostOf(origin: string): string {
  try {
    return new URL(origin).hostname;
  } catch {
    return '';
  }
}
