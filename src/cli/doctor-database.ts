import type { ApiKey } from '../accounts/store.ts';
import type { TopologyData } from '../accounts/topology.ts';
import { topologyProblems } from '../accounts/topology-problems.ts';
import type { Config } from '../config.ts';
import type { OpenStore } from '../storage/index.ts';
import { isMissingFile } from '../storage/missing-file.ts';
import { databaseFile } from './database-file.ts';
import { describeProblem } from './describe-problem.ts';
import type { Finding } from './doctor.ts';
import { checkLinks } from './doctor-links.ts';
import { reasonOf } from './explain-error.ts';
import { momentText } from './moment-text.ts';

/**
 * The database and what is in it, as far as it can be reached; changes nothing. `latest` is the latest moment noted in
 * it (ISO 8601).
 */
export async function checkDatabase(config: Config): Promise<{ findings: Finding[]; latest?: string }> {
  const file = databaseFile(config);
  let store: OpenStore | undefined;
  try {
    if (file !== undefined && isMissingFile(file)) {
      const advice = 'foyer serve makes it';
      return { findings: [{ check: 'database', status: 'ok', message: `${file} does not exist yet`, advice }] };
    }
    // Loaded by need: with a broken native module this fails, and the rest is told all the same.
    const { composeAccounts } = await import('../compose-accounts.ts');
    store = composeAccounts({ config }).store;
    const pending = await store.pendingMigrations();
    const reached: Finding = { check: 'database', status: 'ok', message: file ?? 'PostgreSQL answers' };
    if (pending.length > 0) return { findings: [reached, describePending(pending, store.isEmbedded)] };
    const findings: Finding[] = [reached, describeUnknown(await store.unknownMigrations())];
    if (config.databaseReadUrl !== undefined) findings.push(await checkReplica(store));
    if (await store.isBeingMovedInto()) findings.push(unfinishedMove);
    const settings = await store.settings.readAll();
    const topology = await store.topology.read();
    const keys = await store.keys.list();
    const since = settings.get('maintenance_since');
    findings.push(
      checkTopology(topology),
      checkKeys(keys),
      ...(await checkLinks(store, topology, config)),
      checkMaintenance(since),
    );
    return { findings, latest: latestOf(keys, since) };
  } catch (error) {
    if (error instanceof Error && error.name === 'SchemaTooNewError') {
      const advice = 'run the release that made it, or a later one';
      return { findings: [{ check: 'migrations', status: 'fail', message: reasonOf(error), advice }] };
    }
    const advice = 'check FOYER_DATABASE_URL, and that the database runs and lets this user in';
    return { findings: [{ check: 'database', status: 'fail', message: reasonOf(error), advice }] };
  } finally {
    await store?.close().catch(() => undefined);
  }
}

/** Asks the replica for what a node asks it for. */
async function checkReplica({ replica }: OpenStore): Promise<Finding> {
  const check = 'replica';
  try {
    await replica.customers.search({ words: [], websiteId: null, page: 1, perPage: 1 });
    return { check, status: 'ok', message: 'the PostgreSQL of FOYER_DATABASE_READ_URL answers' };
  } catch (error) {
    const advice = 'check FOYER_DATABASE_READ_URL; reads that may be a moment old are answered with 503 without it';
    return { check, status: 'fail', message: reasonOf(error), advice };
  }
}

const unfinishedMove: Finding = {
  check: 'move',
  status: 'fail',
  message: 'a move into this database has not ended',
  advice: 'run the same foyer db move again; foyer serve does not start before',
};

function describePending(pending: readonly string[], isEmbedded: boolean): Finding {
  const message = `to run: ${pending.join(', ')}`;
  if (isEmbedded) return { check: 'migrations', status: 'warn', message, advice: 'foyer serve runs them by itself' };
  return {
    check: 'migrations',
    status: 'fail',
    message,
    advice: 'run foyer migrate; foyer serve does not start before',
  };
}

function describeUnknown(unknown: readonly string[]): Finding {
  const check = 'migrations';
  if (unknown.length === 0) return { check, status: 'ok', message: 'the schema is up to date' };
  const message = `a later release ran ${unknown.join(', ')}`;
  return { check, status: 'warn', message, advice: 'this release can live with it; update it soon' };
}

function checkTopology(data: TopologyData): Finding {
  const check = 'topology';
  if (data.shops.length === 0) {
    const advice = 'run foyer topology apply FILE; else foyer serve starts with one website and one store';
    return { check, status: 'warn', message: 'there is none yet', advice };
  }
  const nothing: TopologyData = { pools: [], websites: [], shops: [], chains: [], newsletterGroups: [] };
  const details = topologyProblems(nothing, data).map(describeProblem);
  if (details.length > 0) {
    const advice = 'write it out with foyer topology show, correct it, and run foyer topology apply';
    return { check, status: 'fail', message: 'it contradicts itself:', advice, details };
  }
  const parts = [
    counted(data.pools.length, 'pool'),
    counted(data.websites.length, 'website'),
    counted(data.shops.length, 'store'),
    counted(data.newsletterGroups.length, 'newsletter group'),
  ];
  return { check, status: 'ok', message: parts.join(', ') };
}

function checkKeys(keys: readonly ApiKey[]): Finding {
  const liveCount = keys.filter(({ revokedAt }) => revokedAt === null).length;
  if (liveCount > 0) return { check: 'keys', status: 'ok', message: `${counted(liveCount, 'key')} in force` };
  const advice = 'run foyer key create NAME --scope SCOPE; without one, no partner system gets in';
  return { check: 'keys', status: 'warn', message: 'there is none in force', advice };
}

function checkMaintenance(since: string | undefined): Finding {
  const check = 'maintenance';
  if (since === undefined) return { check, status: 'ok', message: 'off' };
  return {
    check,
    status: 'warn',
    message: `on since ${momentText(since)}`,
    advice: 'foyer maintenance off opens the doors',
  };
}

function latestOf(keys: readonly ApiKey[], since: string | undefined): string | undefined {
  const moments = keys.flatMap((key) => [key.createdAt, key.lastUsedAt ?? '', key.revokedAt ?? '']);
  return [...moments, since ?? ''].toSorted().at(-1) || undefined;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
