import type { Command } from 'commander';
import type { Standing } from '../accounts/compare-customer.ts';
import { type ReconcileFinding, type ReconcileTally, wellStandings } from '../accounts/reconcile-chain.ts';
import type { WalkProgress } from '../accounts/walk-chain.ts';
import { CommandError } from './command-error.ts';
import { type Outcome, printing, table } from './command-output.ts';
import { fileName } from './describe-problem.ts';
import { exitCodes } from './exit-code.ts';
import { operatorContext } from './open-accounts.ts';
import { type WalkFlags, withWalkOptions } from './walk-options.ts';
import { jsonLine, WalkReport } from './walk-report.ts';
import { walkThrough } from './walk-through.ts';

interface ReconcileFlags extends WalkFlags {
  repair?: boolean;
  recreateMissing?: boolean;
}

/** `foyer link reconcile`: compares all customers of a chain with the platform. */
export function linkReconcile(link: Command, env: NodeJS.ProcessEnv): void {
  const command = link
    .command('reconcile')
    .summary('compare all customers of a chain with the platform')
    .description(
      'Asks the loyalty platform for every customer of a chain, compares field by field, and tells what is not the same. ' +
        'With --repair, both records are merged as any answer of the platform would be, and what stays ours is sent by the ' +
        'servers; this command never writes to the platform.\n\n' +
        'A run that was ended early goes on where it was when the same command runs again. Exit code 5 when anything differs ' +
        'that was not repaired.',
    )
    .option('--repair', 'merge what differs, and have sent what stays ours')
    .option('--recreate-missing', 'with --repair: tell the platform anew of those whom it does not know any more');
  withWalkOptions(command, 'with whom something is not as it should be').action(
    printing((flags: ReconcileFlags) => reconcile(env, flags)),
  );
}

async function reconcile(env: NodeJS.ProcessEnv, flags: ReconcileFlags): Promise<Outcome> {
  const { repair: isRepair = false, recreateMissing: recreatesMissing = false, json = false } = flags;
  if (recreatesMissing && !isRepair) {
    const message = '--recreate-missing is a part of --repair.';
    throw new CommandError('usage', message, { exitCode: exitCodes.usage });
  }
  const line = flags.verbose
    ? json
      ? (found: ReconcileFinding) => jsonLine(present(found))
      : describeFinding
    : undefined;
  const report = new WalkReport<ReconcileFinding>({ step: 'compare', line, isQuiet: json });
  const { chainId, result } = await walkThrough<ReconcileFinding, ReconcileTally>(
    env,
    flags,
    report,
    ({ accounts }, order) => accounts.reconcileChain({ ...order, isRepair, recreatesMissing }, operatorContext()),
    {
      kindOf: ({ standing }) => (wellStandings.includes(standing) ? undefined : standing),
      goesOn: 'the same command',
    },
  );
  const { customers, fields, repairs } = result.tally;
  return {
    data: {
      chain: chainId,
      isRepair,
      isResumed: result.isResumed,
      startedAt: result.startedAt,
      customers,
      fields,
      repairs,
      examples: Object.fromEntries([...report.examples].map(([standing, found]) => [standing, found.map(present)])),
    },
    text: describe(chainId, isRepair, result, report),
    isOneLine: flags.verbose,
    exitCode: unsettled(result.tally) > 0 ? exitCodes.differs : exitCodes.ok,
  };
}

/** Customers that are not as they should be, and were not repaired. */
function unsettled({ customers, repairs }: ReconcileTally): number {
  const unwell = Object.entries(customers).filter(([standing]) => !wellStandings.includes(standing as Standing));
  return unwell.reduce((sum, [, count]) => sum + count, 0) - repairs.repaired;
}

/** Without values: a list of many people's data is nothing for a terminal or a log; link show has them for one. */
function present({ customerId, standing, drift, spaazaUserId, reason, repair }: ReconcileFinding) {
  return {
    customerId,
    standing,
    spaazaUserId,
    fields: drift.map(({ field, changed }) => ({ field: fileName(field), changed })),
    reason,
    repair,
  };
}

const standings: Record<Standing, string> = {
  agreed: 'the same on both sides',
  pending: 'a change is on its way',
  differs: 'not the same',
  unlinked: 'known there by our id, not linked here',
  unknown: 'not linked, not known there',
  missing: 'linked, not known there any more',
  erased: 'linked, erased there',
  taken: 'tied to somebody else',
  withheld: 'erased there, not told again',
  refused: 'refused',
  gone: 'erased here meanwhile',
};

function describe(
  chainId: number,
  isRepair: boolean,
  { tally, isResumed }: WalkProgress<ReconcileTally>,
  { examples }: WalkReport<ReconcileFinding>,
): string {
  const rows = Object.entries(tally.customers)
    .filter(([standing, count]) => count > 0 || standing === 'agreed')
    .map(([standing, count]) => [
      standings[standing as Standing],
      count.toLocaleString('en-US'),
      (examples.get(standing) ?? []).map(({ customerId }) => customerId).join(', '),
    ]);
  const fields = Object.entries(tally.fields)
    .sort(([, a], [, b]) => b - a)
    .map(([field, count]) => [fileName(field), count.toLocaleString('en-US')]);
  const { repaired, left, refused } = tally.repairs;
  const repairs = `${repaired} repaired, ${left} left to people, ${refused} could not be merged.`;
  return [
    `Chain ${chainId} compared with Spaaza${isResumed ? ', earlier runs included' : ''}`,
    table(['CUSTOMERS', '', 'EXAMPLES'], rows),
    ...(fields.length > 0 ? ['', table(['FIELD', 'DIFFERS'], fields)] : []),
    ...(isRepair ? ['', repairs] : []),
    ...(tally.customers.unknown > 0 ? ['', 'Who is not linked yet: foyer link backfill.'] : []),
  ].join('\n');
}

function describeFinding({ customerId, standing, drift, spaazaUserId, reason, repair }: ReconcileFinding): string {
  const whom = spaazaUserId === null ? '' : `, Spaaza user ${spaazaUserId}`;
  const fields = drift.map(({ field, changed }) => `${fileName(field)} (${changers[changed]})`).join(', ');
  const why = [fields, reason].filter(Boolean).join('; ');
  const how = repair === 'none' ? '' : `; ${repair}`;
  return `Customer ${customerId}${whom}: ${standings[standing]}${why === '' ? '' : `: ${why}`}${how}`;
}

const changers = {
  nobody: 'same',
  here: 'changed here',
  there: 'changed there',
  both: 'changed on both sides',
  unknown: 'nothing agreed',
} as const;
