import type { Command } from 'commander';
import type { BackfillFinding, BackfillOutcome, BackfillTally } from '../accounts/backfill-chain.ts';
import type { WalkProgress } from '../accounts/walk-chain.ts';
import { type Outcome, printing, table } from './command-output.ts';
import { exitCodes } from './exit-code.ts';
import { ambiguities } from './link-there.ts';
import { operatorContext } from './open-accounts.ts';
import { type WalkFlags, withWalkOptions } from './walk-options.ts';
import { jsonLine, WalkReport } from './walk-report.ts';
import { walkThrough } from './walk-through.ts';

interface BackfillFlags extends WalkFlags {
  dryRun?: boolean;
}

/** `foyer link backfill`: the first link of customers that were here before the link. */
export function linkBackfill(link: Command, env: NodeJS.ProcessEnv): void {
  const command = link
    .command('backfill')
    .summary('link the customers that are here already')
    .description(
      'Looks for every customer of a chain that is not linked among the people of the loyalty platform: by our id, then by ' +
        'e-mail. Who is found is tied to that person, and both records are merged; who is not waits to be sent by the ' +
        'servers. Where it cannot be told who is who, nothing is done. With --dry-run nothing is done at all: it counts.\n\n' +
        'A run that was ended early goes on where it was when the same command runs again. The servers must be running, and ' +
        'outside of maintenance: they empty the queue that this fills.',
    )
    .option('--dry-run', 'count who would match, and change nothing on either side');
  withWalkOptions(command, 'that is not linked yet').action(printing((flags: BackfillFlags) => backfill(env, flags)));
}

async function backfill(env: NodeJS.ProcessEnv, flags: BackfillFlags): Promise<Outcome> {
  const { dryRun: isDryRun = false, json = false } = flags;
  const line = flags.verbose ? (json ? jsonLine : describeFinding) : undefined;
  const report = new WalkReport<BackfillFinding>({ step: isDryRun ? 'match' : 'link', line, isQuiet: json });
  const { chainId, result } = await walkThrough<BackfillFinding, BackfillTally>(
    env,
    flags,
    report,
    ({ accounts }, order) => accounts.backfillChain({ ...order, isDryRun }, operatorContext()),
    {
      kindOf: ({ outcome }) => (outcome === 'linked' || outcome === 'gone' ? undefined : outcome),
      goesOn: isDryRun ? undefined : 'the same command',
    },
  );
  const needsPeople = result.tally.ambiguous + result.tally.refused > 0;
  return {
    data: {
      chain: chainId,
      isDryRun,
      isResumed: result.isResumed,
      startedAt: result.startedAt,
      customers: result.tally,
      examples: Object.fromEntries(report.examples),
    },
    text: describe(chainId, isDryRun, result, report),
    isOneLine: flags.verbose,
    exitCode: needsPeople ? exitCodes.differs : exitCodes.ok,
  };
}

const kinds: Partial<Record<BackfillOutcome, string>> = {
  by_id: 'known by our id',
  by_email: 'known by e-mail',
  nobody: 'not known',
  ambiguous: 'ambiguous',
  refused: 'refused',
  erased_there: 'erased there',
};

function describe(
  chainId: number,
  isDryRun: boolean,
  { tally, isResumed }: WalkProgress<BackfillTally>,
  { examples }: WalkReport<BackfillFinding>,
): string {
  const what: Partial<Record<BackfillOutcome, string>> = isDryRun
    ? { by_id: 'would be tied', by_email: 'would be tied', nobody: 'would be sent' }
    : { by_id: 'tied', by_email: 'tied', nobody: 'waits to be sent' };
  const rows = Object.entries(kinds).map(([outcome, kind]) => [
    kind,
    tally[outcome as BackfillOutcome].toLocaleString('en-US'),
    what[outcome as BackfillOutcome] ?? 'left alone',
    (examples.get(outcome) ?? []).map(({ customerId }) => customerId).join(', '),
  ]);
  const linked = `${tally.linked.toLocaleString('en-US')} were linked already.`;
  const unclear = ['ambiguous', 'refused'].flatMap((outcome) => (examples.get(outcome) ?? []).map(describeFinding));
  return [
    `Chain ${chainId}, customers that ${isDryRun ? 'are' : 'were'} not linked yet${isResumed ? ', earlier runs included' : ''}`,
    table(['', 'CUSTOMERS', '', 'EXAMPLES'], rows),
    linked,
    ...(unclear.length > 0 ? ['', ...unclear] : []),
  ].join('\n');
}

function describeFinding({ customerId, outcome, spaazaUserId, reason }: BackfillFinding): string {
  const whom = spaazaUserId === null ? '' : `Spaaza user ${spaazaUserId}`;
  const why = reason === null ? '' : ((ambiguities as Record<string, string>)[reason] ?? `(${reason})`);
  return `Customer ${customerId}: ${[`${kinds[outcome] ?? outcome}`, whom, why].filter(Boolean).join(', ')}`;
}
