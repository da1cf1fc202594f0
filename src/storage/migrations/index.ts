import type { Migration } from 'kysely';
import type { ColumnTypes } from '../column-types.ts';
import { customerBase } from './0001-customer-base.ts';
import { loyaltyQueue } from './0002-loyalty-queue.ts';
import { rateWindows } from './0003-rate-windows.ts';
import { historyChanges } from './0004-history-changes.ts';
import { customerSearch } from './0005-customer-search.ts';
import { namesInPlace } from './0006-names-in-place.ts';
import { waitingNotices } from './0007-waiting-notices.ts';

/** Every migration in order. Forward only; a released one is never edited. */
export function migrationsFor(types: ColumnTypes): Record<string, Migration> {
  return {
    '0001-customer-base': customerBase(types),
    '0002-loyalty-queue': loyaltyQueue(types),
    '0003-rate-windows': rateWindows(),
    '0004-history-changes': historyChanges(),
    '0005-customer-search': customerSearch(types),
    '0006-names-in-place': namesInPlace(),
    '0007-waiting-notices': waitingNotices(),
  };
}
