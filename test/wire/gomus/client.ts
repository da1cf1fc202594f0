import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

/** An answer as it came over the wire. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body read as JSON; an empty object when there is none. */
  json: Json;
}

/** The keys of all envelopes of this wire. */
export interface Json {
  data?: Record<string, unknown>;
  customer?: Record<string, unknown>;
  customers?: Record<string, unknown>[];
  error?: string;
  errors?: unknown;
  [key: string]: unknown;
}

export interface Request {
  /** Sent as JSON with the JSON content type. */
  json?: unknown;
  /** Sent as it is, with no content type of its own. */
  body?: string | Buffer;
  headers?: Record<string, string>;
}

/** The four headers a client sends back. */
export type Tokens = { 'access-token': string; client: string; uid: string; 'token-type': string };

export const bruce = { email: 'shop-customer@giantmonkey.de', password: 'meowmeowmeow' } as const;

/** Sends one request to a path below the server's address. Sends no headers but the given ones, Host and Content-Length. */
export function send(
  server: { url: string },
  method: string,
  path: string,
  { json, body, headers = {} }: Request = {},
): Promise<Answer> {
  const payload = json === undefined ? body : JSON.stringify(json);
  const sent: Record<string, string> = { ...headers };
  if (json !== undefined && !('content-type' in sent)) sent['content-type'] = 'application/json';
  if (payload !== undefined) sent['content-length'] = String(Buffer.byteLength(payload));
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ host: hostname, port, method, path, headers: sent }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parsed(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}

/** Sends one request to the go~mus API; `path` starts behind `/api/v4`. */
export function call(server: { url: string }, method: string, path: string, request: Request = {}): Promise<Answer> {
  return send(server, method, `/api/v4${path}`, request);
}

/** Signs in and gives the token headers to go on with. Throws when that is refused. */
export async function signIn(server: { url: string }, email: string, password: string): Promise<Tokens> {
  const answer = await call(server, 'POST', '/auth/sign_in', { json: { email, password } });
  if (answer.status !== 200) throw new Error(`Sign-in was refused: ${answer.status} ${answer.text}`);
  return tokensOf(answer);
}

export interface NewAccount {
  id: number;
  email: string;
  password: string;
  tokens: Tokens;
}

/** Registers somebody new, so that a test has an account of its own; `fields` are added to the body. */
export async function signUp(server: { url: string }, fields: Record<string, unknown> = {}): Promise<NewAccount> {
  const json = { email: freshEmail(), password: 'nine lives', name: 'Selina', surname: 'Kyle', ...fields };
  const answer = await call(server, 'POST', '/auth', { json });
  if (answer.status !== 200) throw new Error(`Sign-up was refused: ${answer.status} ${answer.text}`);
  return { id: answer.json.data?.id as number, email: json.email, password: json.password, tokens: tokensOf(answer) };
}

let emails = 0;

/** An address that no other test of the run uses, in lower case. */
export function freshEmail(): string {
  emails += 1;
  return `visitor-${process.pid}-${emails}@example.org`;
}

/** The token headers of an answer. */
export function tokensOf({ headers }: Answer): Tokens {
  return {
    'access-token': String(headers['access-token']),
    client: String(headers.client),
    uid: String(headers.uid),
    'token-type': String(headers['token-type']),
  };
}

export const tokenHeaderNames = ['access-token', 'token-type', 'client', 'expiry', 'uid'] as const;

/** Those of the token headers that an answer has, `Authorization` among them. */
export function tokenHeadersOn({ headers }: Answer): string[] {
  return [...tokenHeaderNames, 'authorization'].filter((name) => name in headers);
}

/** Tells whether a token still opens the door. */
export async function isSignedIn(server: { url: string }, tokens: Tokens): Promise<boolean> {
  const { status } = await call(server, 'GET', '/auth/validate_token', { headers: tokens });
  if (status !== 200 && status !== 401) throw new Error(`Unexpected status ${status}`);
  return status === 200;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}
