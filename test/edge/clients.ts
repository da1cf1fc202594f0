import { demoKey } from '../../src/demo.ts';

/** An answer with its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json(): Record<string, unknown>;
}

export const bruce = { email: 'shop-customer@giantmonkey.de', password: 'meowmeowmeow' };
export const john = { email: 'info@spaaza.com', password: 'ThisIsEasyToGuess' };
export const veronica = { email: 'roni_cost@example.com', password: 'Roni_cost3@example.com' };

/** Sends one request and reads the whole answer. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as Record<string, unknown>,
  };
}

/** Signs in over go~mus; `from` is the address that a trusted proxy would name. */
export function signIn(
  base: string,
  credentials: { email: string; password: string },
  { from, headers = {} }: { from?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return send(`${base}/api/v4/auth/sign_in?locale=en`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
      ...headers,
    },
    body: JSON.stringify(credentials),
  });
}

/** The token headers of a signed-in answer, as the next request sends them. */
export function tokenOf({ headers }: Answer): Record<string, string> {
  return Object.fromEntries(['access-token', 'client', 'uid', 'token-type'].map((name) => [name, headers.get(name)!]));
}

/** Asks over the Spaaza wire whether a password is right. */
export function authenticate(base: string, credentials: { email: string; password: string }): Promise<Answer> {
  return send(`${base}/rest/V1/spaaza/customer/authenticate`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${demoKey}` },
    body: JSON.stringify(credentials),
  });
}

/** Reads a customer over the Spaaza wire. */
export function userInfo(base: string, id: number | string): Promise<Answer> {
  return send(`${base}/rest/V1/spaaza/customer/user_info/${id}`, { headers: { authorization: `Bearer ${demoKey}` } });
}

/** The value of one series of `/metrics`, for example `foyer_hash_queue_length`; 0 when it is not there yet. */
export async function metric(base: string, series: string): Promise<number> {
  const { text } = await send(`${base}/metrics`);
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? 0 : Number(line.slice(series.length + 1));
}
