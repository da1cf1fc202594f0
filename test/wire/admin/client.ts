import type { App } from '../../../src/app.ts';
import { demoKey } from '../../../src/demo.ts';
import { send } from '../gomus/client.ts';

/** A member of a customer, of the history or of a problem document. */
export type Json = Record<string, unknown>;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: Json;
}

/** Asks the admin API with the demo's key or another; `path` starts behind `/admin/v1`. */
export function ask(
  server: { url: string },
  path: string,
  {
    key = demoKey,
    method = 'GET',
    headers = {},
  }: { key?: string | null; method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
  return send(server, method, `/admin/v1${path}`, { headers: { ...authorization, ...headers } });
}

/** Makes an API key that works at once; unknown scopes are refused. */
export async function addKey({ accounts }: App, scopes: readonly string[], websiteCode?: string): Promise<string> {
  const { key } = await accounts.createKey({ name: 'console', scopes, websiteCode });
  await accounts.directory.refresh();
  return key;
}
