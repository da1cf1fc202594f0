import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';

/** What people come for first; operation last. */
const tagOrder = [
  'go~mus: session',
  'go~mus: account',
  'go~mus: customers',
  'go~mus: lookups',
  'Spaaza Magento 2',
  'Spaaza webhooks',
  'admin',
  'operation',
];

/** Collects every route registered after it for `/openapi.json`; register first. */
export async function collectOpenapi(app: FastifyInstance, release: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Foyer',
        version: release,
        description:
          'One customer base behind two wire protocols: the go~mus v4 customer API (/api/v4) and the Spaaza Magento 2 customer REST API (/rest). Administrators ask over an API of our own (/admin/v1).',
      },
      tags: tagOrder.map((name) => ({ name })),
      components: {
        securitySchemes: {
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'A key from `foyer key create`; in demo mode foyer-demo-key',
          },
          webhookSignature: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Spaaza-Hmac-SHA256',
            description: 'base64 of HMAC-SHA256 over the body, with the secret of the chain',
          },
        },
      },
    },
  });
}

/** `/openapi.json` and the page that shows it, with everything the page needs served from here. */
export async function docs(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/docs', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('content-security-policy', contentSecurityPolicy);
    return reply.type('text/html; charset=utf-8').send(page);
  });
  app.get('/docs/reference.js', { schema: { hide: true } }, async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=3600').type('text/javascript; charset=utf-8');
    return reply.send(createReadStream(referenceScript()));
  });
}

// The reference builds its styles at run time; everything else comes from this server.
const contentSecurityPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'";

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Foyer API</title></head>
<body>
<div id="reference"></div>
<script src="/docs/reference.js"></script>
<script>Scalar.createApiReference('#reference', { url: '/openapi.json', withDefaultFonts: false, hideClientButton: true, telemetry: false, showDeveloperTools: 'never', agent: { disabled: true }, mcp: { disabled: true }, authentication: { preferredSecurityScheme: 'apiKey' } })</script>
</body>
</html>
`;

/** The script that the reference package ships for browsers. */
function referenceScript(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('@scalar/fastify-api-reference')), 'js', 'standalone.js');
}
