import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { openStore } from '../src/storage/index.ts';
import { onServer } from './on-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Name of a migrated, empty database on the run's PostgreSQL, for others to be copied from. */
    migratedTemplate: string;
  }
}

/**
 * Migrates one PostgreSQL database for the whole run: copying it takes a tenth of migrating each suite's own. Gives the
 * function that drops it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = project.getProvidedContext().postgresUrl;
  const name = `foyer_template_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  await onServer(server, `create database ${name}`);
  const drop = (): Promise<void> => onServer(server, `drop database ${name} with (force)`);
  const store = openStore({ url: url.href, poolSize: 1, statementTimeoutMs: 60_000 });
  try {
    await store.migrate();
  } catch (error) {
    await drop();
    throw error;
  } finally {
    await store.close();
  }
  project.provide('migratedTemplate', name);
  return drop;
}
