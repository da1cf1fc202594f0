import { createHmac } from 'node:crypto';
import Schema from 'typebox/schema';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoKey } from '../../src/demo.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { send } from './clients.ts';

interface Media {
  schema?: object;
  example?: unknown;
}
interface Operation {
  summary?: string;
  tags?: string[];
  operationId?: string;
  security?: Record<string, string[]>[];
  parameters?: { name: string; in: string; required?: boolean; schema?: object; example?: unknown }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}
interface Document {
  openapi: string;
  info: Record<string, string>;
  tags: { name: string }[];
  components: { securitySchemes: Record<string, object> };
  paths: Record<string, Record<string, Operation>>;
}

const webhookSecret = 'whsec_of_chain_123';

let running: RunningApp;
let text: string;
let document: Document;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_SPAAZA_WEBHOOK_SECRET_123: webhookSecret });
  text = (await send(`${running.url}/openapi.json`)).text;
  document = JSON.parse(text) as Document;
});
afterAll(() => running.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, name: `${method} ${path}` })),
  );

describe('/openapi.json', () => {
  it('is an OpenAPI 3.1 document by its shape', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: 'Foyer', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    const methods = ['get', 'put', 'post', 'delete', 'patch'];
    for (const { path, method, operation, name } of operations()) {
      expect(path).toMatch(/^\/[^?#:*]*$/);
      expect(methods, name).toContain(method);
      expect(operation.summary, name).toEqual(expect.any(String));
      expect(Object.keys(operation.responses), name).not.toHaveLength(0);
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(status, name).toMatch(/^[1-5]\d\d$/);
        expect(description, name).toEqual(expect.any(String));
      }
    }
  });

  it('declares the tags and security schemes its operations use, and every reference leads somewhere', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const { operation, name } of operations()) {
      expect(operation.tags, name).toHaveLength(1);
      expect(tags, name).toContain(operation.tags![0]);
      for (const scheme of (operation.security ?? []).flatMap((each) => Object.keys(each))) {
        expect(Object.keys(document.components.securitySchemes), name).toContain(scheme);
      }
    }
    expect(new Set(operations().map(({ operation }) => operation.tags![0]))).toEqual(new Set(tags));
    expect(text).not.toContain('"$ref"');
  });

  it('names exactly the parameters that its paths have', () => {
    for (const { path, operation, name } of operations()) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, each]) => each!);
      const described = (operation.parameters ?? []).filter((each) => each.in === 'path');
      expect(described.map((each) => each.name).toSorted(), name).toEqual(inPath.toSorted());
      expect(
        described.every(({ required }) => required),
        name,
      ).toBe(true);
      const all = (operation.parameters ?? []).map((each) => `${each.in} ${each.name}`);
      expect(new Set(all).size, name).toBe(all.length);
    }
  });

  it('has every path once, and no two that differ in the name of a parameter only', () => {
    const paths = Object.keys(document.paths);
    for (const path of paths) {
      expect(text.split(`${JSON.stringify(path)}:{`), path).toHaveLength(2);
    }
    const shapes = paths.map(shapeOf);
    expect(new Set(shapes).size).toBe(paths.length);
    const ids = operations().flatMap(({ operation }) => operation.operationId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('knows every route that is served but the page itself and the other spellings of the Spaaza paths', () => {
    const documented = operations().map(({ path, method }) => `${method.toUpperCase()} ${shapeOf(path)}`);
    const served = servedRoutes();
    expect(served.filter((route) => !documented.includes(route)).toSorted()).toEqual([
      'GET /docs',
      'GET /docs/reference.js',
      'GET /openapi.json',
      'GET /rest/V1/spaaza/customer/user_info/{}/{}',
      'GET /rest/{}/V1/spaaza/customer/user_info/{}',
      'GET /rest/{}/V1/spaaza/customer/user_info/{}/{}',
      'GET /rest/{}/V1/spaaza/customer/user_info_by_email/{}',
      'GET /rest/{}/V1/spaaza/customer/user_info_by_email/{}/{}',
      'POST /rest/{}/V1/spaaza/customer/authenticate',
      'POST /rest/{}/V1/spaaza/customer/update',
    ]);
    expect(documented.filter((route) => !served.includes(route))).toEqual([]);
  });
});

describe('the examples', () => {
  it('are there for every body that is sent, and for every answer of the wires that succeeds with data', () => {
    const missing = operations().flatMap(({ operation, name }) => {
      const bodies = Object.values(operation.requestBody?.content ?? {}).filter(({ example }) => example === undefined);
      return bodies.length > 0 ? [name] : [];
    });
    expect(missing).toEqual([]);
    const exampleless = operations()
      .filter(({ path }) => path.includes('user_info') || path.endsWith('/auth') || path.endsWith('/authenticate'))
      .filter(({ method }) => method !== 'delete')
      .filter(({ operation }) => {
        const media = Object.values(operation.responses['200']?.content ?? {});
        return !media.some((each) => each.example !== undefined || examplesIn(each.schema).length > 0);
      });
    expect(exampleless.map(({ name }) => name)).toEqual([]);
  });

  it('all fit the schema beside them', () => {
    const pairs = operations().flatMap(({ operation, name }) => {
      const media = [
        ...Object.values(operation.requestBody?.content ?? {}),
        ...Object.values(operation.responses).flatMap(({ content = {} }) => Object.values(content)),
        ...(operation.parameters ?? []),
      ];
      return media.flatMap(({ schema, example }) => [
        ...(schema === undefined || example === undefined ? [] : [{ name, schema, example }]),
        ...examplesIn(schema).map((each) => ({ name, ...each })),
      ]);
    });
    expect(pairs.length).toBeGreaterThan(50);
    const misfits = pairs.filter(({ schema, example }) => !Schema.Check(schema, example));
    expect(misfits.map(({ name, example }) => [name, example])).toEqual([]);
  });

  it('all work when they are sent as they stand', async () => {
    const session = { 'access-token': 'meowmeow', client: 'meowmeow', uid: 'meowmeow' };
    const failed: unknown[] = [];
    let sent = 0;
    for (const { path, method, operation, name } of operations()) {
      const example = operation.requestBody?.content['application/json']?.example;
      if (example === undefined) continue;
      const needsKey = operation.security !== undefined;
      const body = JSON.stringify(example);
      const answer = await send(`${running.url}${path.replace('{id}', '402').replace('{chainId}', '123')}`, {
        method: method.toUpperCase(),
        headers: {
          'content-type': 'application/json',
          ...(needsKey ? { authorization: `Bearer ${demoKey}` } : session),
          'x-spaaza-hmac-sha256': createHmac('sha256', webhookSecret).update(body).digest('base64'),
        },
        body,
      });
      sent += 1;
      // The second of two that change the password, or take the same e-mail, is refused for what the first has done.
      if (answer.status >= 400 && answer.status !== 422) failed.push([name, answer.status, answer.text]);
    }
    expect(failed).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(8);
  });
});

/** All examples at any depth of a schema, each with the schema it is an example of. */
function examplesIn(schema: unknown): { schema: object; example: unknown }[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = (schema as { examples?: unknown }).examples;
  const here = Array.isArray(own) ? own.map((example) => ({ schema, example })) : [];
  const below = Object.entries(schema).filter(([key]) => key !== 'examples');
  return [...here, ...below.flatMap(([, member]) => examplesIn(member))];
}

/** A path without the names of its parameters. */
function shapeOf(path: string): string {
  return path.replace(/\{[^}]+\}/g, '{}');
}

/** Method and shape of path of every route of the router, but HEAD and OPTIONS. */
function servedRoutes(): string[] {
  const routes: string[] = [];
  const prefixes: string[] = [];
  for (const line of running.app.server.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent, piece = '', methods] = /^((?:│ {3}| {4})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (indent === undefined) continue;
    prefixes.length = indent.length / 4;
    prefixes.push(piece);
    const path = prefixes.join('').replace(/:[^/]+/g, '{}');
    for (const method of methods?.split(', ') ?? []) {
      if (method !== 'HEAD' && method !== 'OPTIONS') routes.push(`${method} ${path}`);
    }
  }
  return [...new Set(routes)];
}
