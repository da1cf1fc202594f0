import type { ExpressionBuilder } from 'kysely';
import { notByIndex } from './prepared.ts';
import type { Tables } from './tables.ts';

/** Rows that wait until they are due, for whoever takes them first under a lease. */
type LeasedTable = 'loyalty_queue' | 'loyalty_inbox';

/** Waits, is due, and nobody works on it, or whoever did is gone. */
export const isFree = (now: string) => (eb: ExpressionBuilder<Tables, LeasedTable>) =>
  eb.and([
    eb('state', '=', 'waiting'),
    eb('due_at', '<=', now),
    eb.or([eb('leased_until', 'is', null), eb('leased_until', '<=', now)]),
  ]);

/** The same of rows that were chosen by it before, looked at again. */
export const isStillFree = (now: string) => (eb: ExpressionBuilder<Tables, LeasedTable>) => notByIndex(isFree(now)(eb));
