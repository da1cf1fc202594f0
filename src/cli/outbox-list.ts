import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DeliveryCursor, DeliverySummary } from '../accounts/list-deliveries.ts';
import { type Outcome, printing, table } from './command-output.ts';
import { type DeliveryFlags, deliveryQuery, namingChain, withDeliveryFilters } from './delivery-options.ts';
import { deliveryTable, presentDelivery } from './delivery-text.ts';
import { momentText } from './moment-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

interface ListFlags extends DeliveryFlags {
  limit: number;
  after?: DeliveryCursor;
  byCode?: boolean;
}

/** `foyer outbox list`: what the loyalty platform has not been told yet, and what was given up. */
export function outboxList(outbox: Command, env: NodeJS.ProcessEnv): void {
  const command = outbox
    .command('list')
    .summary('what waits for the loyalty platform, and what was given up')
    .description(
      'Lists what waits for the loyalty platform and what was given up (dead): one row for each customer and chain, by ' +
        'chain, dead ones first, those that wait longest before the others. With --by-code it counts them instead.',
    );
  withDeliveryFilters(command)
    .addOption(
      new Option('--by-code', 'count all rows by chain, state and code, and tell whether a chain is paused').conflicts([
        'state',
        'code',
        'olderThan',
        'limit',
        'after',
      ]),
    )
    .option('--limit <count>', `at most this many rows, up to ${mostRows}`, readLimit, 50)
    .option('--after <cursor>', 'the rows that follow; the list before names the cursor', readCursor)
    .option('--json', 'print one JSON document')
    .action(printing((flags: ListFlags) => (flags.byCode ? showSummary(env, flags) : showRows(env, flags))));
}

const mostRows = 1_000;

async function showRows(env: NodeJS.ProcessEnv, flags: ListFlags): Promise<Outcome> {
  const { limit, after } = flags;
  const page = await withAccounts(env, 'present', ({ accounts }) =>
    namingChain(flags.chain, () =>
      accounts.listDeliveries({ query: deliveryQuery(flags), limit, after }, operatorContext()),
    ),
  );
  const deliveries = page.rows.map(presentDelivery);
  const nextCursor = page.next === null ? null : writeCursor(page.next);
  return {
    data: { deliveries, nextCursor },
    text: deliveries.length === 0 ? 'There is nothing of that kind.' : deliveryTable(deliveries),
    note: nextCursor === null ? undefined : `There are more: --after ${nextCursor}`,
  };
}

async function showSummary(env: NodeJS.ProcessEnv, { chain }: ListFlags): Promise<Outcome> {
  const summary = await withAccounts(env, 'present', ({ accounts }) =>
    namingChain(chain, () => accounts.summarizeDeliveries({ chainId: chain }, operatorContext())),
  );
  const { chains, undispatched } = summary;
  const data = {
    chains: chains.map(({ chainId, isOn, state, groups }) => ({
      chain: chainId,
      isOn,
      pausedUntil: state.pausedUntil,
      pauseReason: state.pauseReason,
      lastSuccessAt: state.lastSuccessAt,
      groups: groups.map(({ errorCode, ...group }) => ({ code: errorCode, ...group })),
    })),
    undispatched,
  };
  return { data, text: describeSummary(summary) };
}

function describeSummary({ chains, undispatched }: DeliverySummary): string {
  const rows = chains.flatMap(({ chainId, groups }) =>
    groups.map(({ state, errorCode, count, oldestAt }) => [
      String(chainId),
      state,
      errorCode ?? '-',
      count.toLocaleString('en-US'),
      momentText(oldestAt),
    ]),
  );
  const lines = chains.map(({ chainId, isOn, state: { pausedUntil, pauseReason, lastSuccessAt } }) => {
    const pause = pausedUntil === null ? '' : `, paused until ${momentText(pausedUntil)} (${pauseReason})`;
    return `Chain ${chainId}: link ${isOn ? 'on' : 'off'}, last success ${momentText(lastSuccessAt)}${pause}`;
  });
  const more =
    undispatched === 0 ? [] : [`${undispatched.toLocaleString('en-US')} changes that no server has looked at`];
  return [
    rows.length === 0 ? 'Nothing waits.' : table(['CHAIN', 'STATE', 'CODE', 'ROWS', 'OLDEST'], rows),
    '',
    ...lines,
    ...more,
  ].join('\n');
}

function readLimit(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > mostRows) throw new InvalidArgumentError(`It is a whole number from 1 to ${mostRows}.`);
  return count;
}

function writeCursor({ chainId, state, queuedAt, customerId }: DeliveryCursor): string {
  return [chainId, state, queuedAt, customerId].join('/');
}

function readCursor(text: string): DeliveryCursor {
  const [, chainId, state, queuedAt, customerId] =
    /^(\d{1,10})\/(waiting|dead)\/(\d{4}-\d\d-\d\dT[\d:.]{8,12}Z)\/(\d{1,16})$/.exec(text) ?? [];
  if (queuedAt === undefined) throw new InvalidArgumentError('It is what the list before it ended with.');
  return {
    chainId: Number(chainId),
    state: state as DeliveryCursor['state'],
    queuedAt,
    customerId: Number(customerId),
  };
}
