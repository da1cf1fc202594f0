import { type Command, Option } from 'commander';
import { historyFieldNames, readHistoryField } from '../accounts/history-fields.ts';
import { parseInstant } from '../accounts/instant.ts';
import { loadConfig } from '../config.ts';
import { quote } from '../config-kinds.ts';
import { domainField, wireField } from '../protocols/admin/field-names.ts';
import {
  type PresentedAsOf,
  type PresentedEntry,
  type PresentedHistory,
  presentAsOf,
  presentHistory,
} from '../protocols/admin/present.ts';
import { closestWord } from './closest-word.ts';
import { CommandError } from './command-error.ts';
import { type Outcome, printing, table } from './command-output.ts';
import { describeCustomer } from './describe-customer.ts';
import { exitCodes } from './exit-code.ts';
import { exactMomentText } from './moment-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';
import { limitOption, readPages } from './read-pages.ts';

interface HistoryOptions {
  field?: string;
  asOf?: string;
  limit: number;
}

/** `foyer customer history REFERENCE`: who wrote what and when; with `--as-of`, the record as it was. */
export function customerHistory(customer: Command, env: NodeJS.ProcessEnv): void {
  customer
    .command('history')
    .summary('who wrote each field, when, from where; or the record as it was')
    .description(
      'Shows of each field of a customer who wrote it last, when, from where and what it was before, and below all ' +
        'changes, newest first. With --as-of it shows the whole record as it was at a moment. Of an erased account, found ' +
        'by its id, the erasure is all that is left. Secrets are never shown: of a password only that it was set.',
    )
    .argument('<reference>', 'e-mail, id or foreign id; an id goes before an equal foreign id')
    .option('--field <name>', 'only this field, such as phone; signed_in for the sign-ins', readField)
    .addOption(
      new Option('--as-of <time>', 'the record as it was: 2024-05-17, or "2024-05-17 10:00:05.700 UTC"').conflicts([
        'field',
        'limit',
      ]),
    )
    .addOption(limitOption('changes'))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
A time without an offset is one in the zone FOYER_TIMEZONE, and a date alone is the beginning of that day there. Changes of
that very millisecond are in the record.

Fields:
${lines(fieldNames)
  .map((row) => `  ${row}`)
  .join('\n')}`,
    )
    .action(
      printing(async (reference: string, options: HistoryOptions) =>
        options.asOf === undefined ? showHistory(env, reference, options) : showAsOf(env, reference, options.asOf),
      ),
    );
}

const fieldNames = historyFieldNames.map(wireField);

function readField(name: string): string {
  const field = domainField(name);
  if (readHistoryField(field) !== undefined) return field;
  const meant = closestWord(name, fieldNames);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  throw new CommandError('unknown_field', `There is no field ${quote(name)}.${hint} The fields are:`, {
    exitCode: exitCodes.usage,
    faults: lines(fieldNames),
  });
}

async function showHistory(
  env: NodeJS.ProcessEnv,
  reference: string,
  { field, limit }: HistoryOptions,
): Promise<Outcome> {
  const history = await withAccounts(env, 'present', ({ accounts }) =>
    readPages(limit, (count, beforeId) =>
      accounts.getCustomerHistory({ reference, field, beforeId, limit: count }, operatorContext()),
    ),
  );
  const { next_cursor, ...shown } = presentHistory(history);
  const hasMore = next_cursor !== null;
  return {
    data: { ...shown, hasMore },
    text: describeHistory(shown, field),
    note: hasMore ? 'There are older changes: --limit shows more.' : undefined,
  };
}

function describeHistory(
  { customer_id, erasure, entries, last_writes }: Omit<PresentedHistory, 'next_cursor'>,
  field: string | undefined,
): string {
  if (erasure !== null) {
    const how = `from ${erasure.origin}, request ${erasure.request_id}`;
    const when = exactMomentText(erasure.changed_at);
    return `Customer ${customer_id} was erased ${when} by ${erasure.actor}, ${how}. Nothing else is kept.`;
  }
  const what = field === undefined ? '' : ` of ${wireField(field)}`;
  if (entries.length === 0) return `Customer ${customer_id}\nNothing is recorded${what === '' ? '' : what}.`;
  const changes = table(
    ['WHEN', 'FIELD', 'BEFORE', 'AFTER', 'BY', 'FROM', 'REQUEST'],
    entries.map((entry) => [
      exactMomentText(entry.changed_at),
      entry.field,
      valueText(entry.before),
      valueText(entry.after),
      ...source(entry),
    ]),
  );
  if (field !== undefined) return `Customer ${customer_id}, all writes${what}, newest first\n${changes}`;
  const lastWrites = table(
    ['FIELD', 'LAST WRITTEN', 'VALUE', 'BEFORE', 'BY', 'FROM', 'REQUEST'],
    last_writes.map((entry) => [
      entry.field,
      exactMomentText(entry.changed_at),
      valueText(entry.after),
      valueText(entry.before),
      ...source(entry),
    ]),
  );
  return `Customer ${customer_id}, last write of each field\n${lastWrites}\n\nAll changes, newest first\n${changes}`;
}

function source({ actor, origin, request_id }: PresentedEntry): [string, string, string] {
  return [actor, origin, request_id];
}

/** A value as JSON, so that texts differ from numbers; `-` for none, and long ones cut: --json has them whole. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const letters = Array.from(JSON.stringify(value));
  return letters.length <= widestValue ? letters.join('') : `${letters.slice(0, widestValue - 1).join('')}…`;
}

const widestValue = 32;

async function showAsOf(env: NodeJS.ProcessEnv, reference: string, time: string): Promise<Outcome> {
  const { timeZone } = loadConfig(env, 'tool');
  const asOf = parseInstant(time, timeZone);
  if (asOf === undefined) {
    const message = `${quote(time)} is no time; write 2024-05-17, 2024-05-17T10:00 (in ${timeZone}) or 2024-05-17T08:00:05.700Z.`;
    throw new CommandError('usage', message, { exitCode: exitCodes.usage });
  }
  const shown = await withAccounts(env, 'present', async ({ accounts }) =>
    presentAsOf(await accounts.getCustomerAsOf({ reference, asOf }, operatorContext()), accounts.directory.topology),
  );
  return { data: shown, text: describeAsOf(shown) };
}

function describeAsOf({ as_of, customer, uncertain_fields, recorded_since, changes_since }: PresentedAsOf): string {
  const more: [string, string][] = [];
  if (recorded_since !== null) {
    more.push(['recorded', `since ${exactMomentText(recorded_since)} only: earlier changes, if any, are not known`]);
  }
  if (uncertain_fields.length > 0) more.push(['not certain', uncertain_fields.join(', ')]);
  const since = changes_since === 1 ? '1 field was' : `${changes_since} fields were`;
  const head = `Customer ${customer.id} as of ${exactMomentText(as_of)}; ${since} written since`;
  return `${head}\n${describeCustomer(customer, more)}`;
}

/** Words in lines that fit a terminal. */
function lines(words: readonly string[]): string[] {
  const rows: string[] = [];
  for (const word of words) {
    const row = rows.at(-1);
    if (row !== undefined && row.length + word.length < 100) rows[rows.length - 1] = `${row}, ${word}`;
    else rows.push(word);
  }
  return rows;
}
