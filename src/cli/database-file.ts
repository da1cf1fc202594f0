import { resolve } from 'node:path';
import type { Config } from '../config.ts';

/** Absolute path of the file of an embedded database; undefined for a database server. */
export function databaseFile({ databaseUrl }: Pick<Config, 'databaseUrl'>): string | undefined {
  if (!databaseUrl?.startsWith('sqlite:')) return undefined;
  return resolve(databaseUrl.slice('sqlite:'.length));
}
