import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { Scope } from '../../../src/accounts/access.ts';
import type { App } from '../../../src/app.ts';
import { statementsOf } from '../../fixtures.ts';

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body read as JSON; an empty object when there is none. */
  json: Json;
}

/** The members of this wire's results and refusals that tests look into. */
export interface Json {
  id?: number;
  email?: string;
  updated_at?: string;
  message?: string | null;
  addresses?: Record<string, unknown>[];
  errors?: { message: string; parameters: unknown }[];
  extension_attributes?: { is_subscribed: boolean; spaaza_data: Record<string, unknown> };
  [key: string]: unknown;
}

export interface Request {
  /** Sent as JSON with the JSON content type. */
  json?: unknown;
  /** Sent as it is, with no content type of its own. */
  body?: string | Buffer;
  headers?: Record<string, string>;
  /** The API key to present; the demo's unless given, none for null. */
  key?: string | null;
}

type Server = { url: string };

/** Customer of the document's update and authenticate samples. */
export const john = { email: 'info@spaaza.com', password: 'ThisIsEasyToGuess' } as const;

const agent = new Agent({ keepAlive: true });

/** Sends one request to exactly this path: nothing in it is resolved, encoded or tidied up. */
export function send(
  { url }: Server,
  method: string,
  path: string,
  { json, body, headers = {}, key = 'foyer-demo-key' }: Request = {},
): Promise<Answer> {
  const payload = json === undefined ? body : JSON.stringify(json);
  const sent: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  if (json !== undefined) sent['content-type'] = 'application/json';
  if (payload !== undefined) sent['content-length'] = String(Buffer.byteLength(payload));
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, host: hostname, port, method, path, headers: { ...sent, ...headers } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

/** Sends one request to the customer endpoints; `path` starts behind `/rest/V1/spaaza/customer`. */
export function call(server: Server, method: string, path: string, request: Request = {}): Promise<Answer> {
  return send(server, method, `/rest/V1/spaaza/customer${path}`, request);
}

export function authenticate(server: Server, parameters: unknown, request: Request = {}): Promise<Answer> {
  return call(server, 'POST', '/authenticate', { json: parameters, ...request });
}

/** Updates with a `user_info`; `parameters` are the other ones. */
export function update(
  server: Server,
  userInfo: unknown,
  parameters: Record<string, unknown> = {},
  request: Request = {},
): Promise<Answer> {
  return call(server, 'POST', '/update', { json: { user_info: userInfo, ...parameters }, ...request });
}

/** The same, creating whoever is not there. */
export function upsert(server: Server, userInfo: unknown, parameters: Record<string, unknown> = {}): Promise<Answer> {
  return update(server, userInfo, { create_if_not_exists: true, ...parameters });
}

export async function userInfo(server: Server, id: number): Promise<Json> {
  const answer = await call(server, 'GET', `/user_info/${id}`);
  if (answer.status !== 200) throw new Error(`No user_info: ${answer.status} ${answer.text}`);
  return answer.json;
}

export interface Member {
  id: number;
  email: string;
  userId: number;
  /** The answer that created the member. */
  created: Json;
}

let members = 0;

/** An address that no other test of the run uses. */
export function freshEmail(): string {
  members += 1;
  return `member-${process.pid}-${members}@example.org`;
}

/** A platform id that no other test of the run uses. */
export function freshUserId(): number {
  members += 1;
  return 5_000_000_000 + members;
}

/** Creates somebody new who is linked, so that a test has a customer of its own; `fields` are added to `user_info`. */
export async function addMember(
  server: Server,
  fields: Record<string, unknown> = {},
  parameters: Record<string, unknown> = {},
): Promise<Member> {
  const person = { username: freshEmail(), user_id: freshUserId(), first_name: 'Ada', last_name: 'Lovelace' };
  const answer = await upsert(server, { ...person, ...fields }, parameters);
  if (answer.status !== 200) throw new Error(`Not created: ${answer.status} ${answer.text}`);
  return { id: answer.json.id!, email: answer.json.email!, userId: person.user_id, created: answer.json };
}

/** Makes an API key that works at once. */
export async function addKey(
  app: App,
  scopes: readonly Scope[],
  websiteCode?: string,
): Promise<{ id: number; key: string }> {
  const made = await app.accounts.createKey({ name: 'loyalty platform', scopes, websiteCode });
  await app.accounts.directory.refresh();
  return made;
}

/** How much the server has written about a customer: to see that a request changed nothing. */
export async function traces(app: App, customerId: number) {
  const { store } = app;
  const [customer, links, history, consents, outbox] = await Promise.all([
    store.customers.findById(customerId),
    store.links.listByCustomer(customerId),
    store.history.listByCustomer(customerId),
    statementsOf(store, customerId),
    store.outbox.list(1_000_000),
  ]);
  const profile = await store.customers.findLoyaltyProfile(customerId, 123);
  const events = outbox.filter(({ event }) => event.customerId === customerId);
  return { customer, links, history, consents, events, addresses: profile?.addresses };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}
