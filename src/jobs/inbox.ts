import { randomUUID } from 'node:crypto';
import { applyLoyaltyUpdate } from '../accounts/apply-loyalty-update.ts';
import type { AccountDeps } from '../accounts/deps.ts';
import { AccountError, type Problem } from '../accounts/errors.ts';
import type { InboxEntry } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import type { Notice } from '../accounts/take-notice.ts';

/** What became of a notice of the loyalty platform. */
export type NoticeOutcome =
  /** Held against what is here, and taken over as far as that says. */
  | 'applied'
  /** Older than what the platform said before. */
  | 'outdated'
  /** Nobody can tell whether it is: the platform is asked. */
  | 'asked'
  /** About nobody here, or about nothing that an account keeps. */
  | 'ignored'
  /** Failed for now. */
  | 'retried'
  /** Given up. */
  | 'dead';

export interface NoticeTools {
  deps: AccountDeps;
  /** What a kept body means; throws for one that cannot be read. */
  read(chainId: number, body: string): Notice;
  log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
  count(chainId: number, outcome: NoticeOutcome): void;
}

/** Longer than the work on any notice takes; a worker that dies loses its notices after it. */
const leaseSeconds = 60;
/** A refusal may be about something that passes: a topology on its way, an e-mail that another is about to give up. */
const refusalsInARow = 3;
const failuresInARow = 8;
const restSeconds = 5;
const longestRestSeconds = 600;

/**
 * Works on up to `limit` notices of the platform that are due, one of each person and each person's in the order they came.
 * Any number of nodes may do so at once. Gives how many were taken: 0 when none was due.
 */
export async function workOnNotices(tools: NoticeTools, limit = 8): Promise<number> {
  const { store, now } = tools.deps;
  const moment = now();
  if (!(await store.inbox.hasDue(moment))) return 0;
  const lease = { token: randomUUID(), until: addSeconds(moment, leaseSeconds) };
  const entries = await store.transaction(({ inbox }) => inbox.claim(limit, lease, moment));
  await Promise.all(entries.map((entry) => workOn(tools, entry, lease.token)));
  return entries.length;
}

/** How an entry is to be settled. */
interface Verdict {
  outcome: NoticeOutcome;
  errorText: string | null;
  /** Of a failure: when to try again, and how often it failed. */
  retry?: { dueAt: string; attempts: number };
}

async function workOn(tools: NoticeTools, entry: InboxEntry, leaseToken: string): Promise<void> {
  const { deps, count } = tools;
  const { id, chainId } = entry;
  const verdict = await judge(tools, entry).catch((error: unknown) => failed(tools, entry, error));
  const { outcome, errorText, retry } = verdict;
  const { dueAt, attempts } = retry ?? { dueAt: deps.now(), attempts: entry.attempts };
  const isSettled = await deps.store.transaction(({ inbox }) =>
    inbox.settle(id, leaseToken, { state: stateAfter(outcome), dueAt, attempts, errorText }),
  );
  // Whoever was slower than the lease has done it for nothing: doing it again changes nothing.
  if (isSettled) count(chainId, outcome);
}

function stateAfter(outcome: NoticeOutcome): InboxEntry['state'] {
  switch (outcome) {
    case 'applied':
    case 'asked':
      return 'done';
    case 'outdated':
    case 'ignored':
      return 'ignored';
    case 'retried':
      return 'waiting';
    case 'dead':
      return 'dead';
  }
}

async function judge({ deps, read }: NoticeTools, { chainId, body, requestId }: InboxEntry): Promise<Verdict> {
  const notice = read(chainId, body);
  if ('reason' in notice) return { outcome: 'ignored', errorText: notice.reason };
  const update = { ...notice.statement, createIfMissing: false, chainId };
  const context = { actor: { kind: 'system' }, origin: 'webhook', requestId } as const;
  const { outcome, leftOut } = await applyLoyaltyUpdate(deps, update, context);
  switch (outcome) {
    case 'applied':
      return { outcome, errorText: leftOut.length === 0 ? null : `left out: ${namesOf(leftOut)}` };
    case 'outdated':
      return { outcome, errorText: 'it is older than what the platform said before' };
    case 'unsure':
      return { outcome: 'asked', errorText: 'it is as old as what the platform said before' };
  }
}

function failed(tools: NoticeTools, entry: InboxEntry, error: unknown): Verdict {
  const { deps, log } = tools;
  const now = deps.now();
  const about = { chain: entry.chainId, notice: entry.id, reqId: entry.requestId };
  if (error instanceof AccountError && error.code === 'customer_not_found') {
    return { outcome: 'ignored', errorText: 'nobody here is meant' };
  }
  if (error instanceof AccountError && passes.has(error.code)) {
    // Not the notice's fault, and no try either.
    const retry = { dueAt: addSeconds(now, restSeconds), attempts: entry.attempts };
    return { outcome: 'retried', errorText: entry.errorText, retry };
  }
  const isRefusal = error instanceof AccountError;
  const errorText = isRefusal ? refusalText(error) : `it failed: ${failureText(error)}`;
  const attempts = entry.attempts + 1;
  if (!isRefusal) log.error({ ...about, err: error }, 'a notice of the loyalty platform failed');
  if (attempts < (isRefusal ? refusalsInARow : failuresInARow)) {
    const dueAt = addSeconds(now, Math.min(longestRestSeconds, restSeconds * 2 ** (attempts - 1)));
    return { outcome: 'retried', errorText, retry: { dueAt, attempts } };
  }
  log.warn({ ...about, reason: errorText }, 'a notice of the loyalty platform was given up');
  return { outcome: 'dead', errorText, retry: { dueAt: now, attempts } };
}

/** What is the matter with the house and not with the notice. */
const passes: ReadonlySet<string> = new Set(['storage_unavailable', 'overloaded', 'maintenance']);

function refusalText({ code, details }: AccountError): string {
  return details.problems === undefined ? `refused: ${code}` : `refused: ${namesOf(details.problems)}`;
}

/** Fields and rules, never values. */
function namesOf(problems: readonly Problem[]): string {
  return problems.map(({ field, rule }) => `${field} ${rule}`).join(', ');
}

/** A message may quote the data it is about; names and codes do not. */
function failureText(error: unknown): string {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return [name, code].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ') || 'no error';
}
