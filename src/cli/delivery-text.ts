import { wantsOf } from '../accounts/deliveries.ts';
import type { QueueRow } from '../accounts/loyalty-queue.ts';
import { table } from './command-output.ts';
import { fileName } from './describe-problem.ts';
import { momentText } from './moment-text.ts';

/** A row as it may be shown: of what would have been sent, the names of the fields and no value. */
export function presentDelivery(row: QueueRow) {
  return {
    chain: row.chainId,
    customer: row.customerId,
    state: row.state,
    wants: wantsOf(row),
    spaazaUserId: row.erasure?.spaazaUserId ?? null,
    waitingSince: row.queuedAt,
    /** Of a dead row: when it was given up. */
    dueAt: row.dueAt,
    attempts: row.attempts,
    firstFailedAt: row.firstFailedAt,
    isWorkedOnUntil: row.leasedUntil,
    code: row.errorCode,
    reason: row.errorText,
    sentFields: fieldsIn(row.payload),
    requestId: row.requestId,
  };
}

export type PresentedDelivery = ReturnType<typeof presentDelivery>;

function fieldsIn(payload: string | null): string[] | null {
  if (payload === null) return null;
  const parsed: unknown = JSON.parse(payload);
  return typeof parsed === 'object' && parsed !== null ? Object.keys(parsed).map(fileName) : [];
}

/** Rows as a table. */
export function deliveryTable(rows: readonly PresentedDelivery[]): string {
  return table(
    ['CHAIN', 'CUSTOMER', 'STATE', 'WANTS', 'WAITS SINCE', 'TRIES', 'NEXT TRY', 'CODE', 'REASON'],
    rows.map((row) => [
      String(row.chain),
      String(row.customer),
      row.state,
      row.wants.join(', '),
      momentText(row.waitingSince),
      String(row.attempts),
      row.state === 'dead' ? '-' : momentText(row.dueAt),
      row.code ?? '-',
      row.reason ?? '-',
    ]),
  );
}

/** All about one row, in lines. */
export function deliveryLines(row: PresentedDelivery): [string, string][] {
  const lines: [string, string | null][] = [
    ['wants', row.wants.join(', ') + (row.spaazaUserId === null ? '' : ` of Spaaza user ${row.spaazaUserId}`)],
    ['waits since', momentText(row.waitingSince)],
    row.state === 'dead' ? ['given up', momentText(row.dueAt)] : ['next try', momentText(row.dueAt)],
    [
      'tries',
      row.attempts === 0 ? 'none failed' : `${row.attempts} failed, the first ${momentText(row.firstFailedAt)}`,
    ],
    [
      'worked on',
      row.isWorkedOnUntil === null ? null : `by a server, until ${momentText(row.isWorkedOnUntil)} at most`,
    ],
    ['code', row.code],
    ['reason', row.reason],
    ['would send', row.sentFields?.join(', ') ?? null],
    ['request', row.requestId],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== null);
}
