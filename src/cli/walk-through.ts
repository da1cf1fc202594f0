import { QueueStandsStill } from '../accounts/wait-for-room.ts';
import { type WalkOrder, type WalkProgress, WalkTakenOver } from '../accounts/walk-chain.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';
import { type OpenedPlatforms, withPlatform } from './open-platform.ts';
import type { WalkFlags } from './walk-options.ts';
import type { WalkReport } from './walk-report.ts';

/**
 * Runs a walk over the chain that the flags name, and shows on the report how far it is. `kindOf` gives under which kind the
 * report keeps a finding, undefined for none; `goesOn` is what goes on from there when it ends early.
 */
export async function walkThrough<Finding extends { customerId: number }, Tally>(
  env: NodeJS.ProcessEnv,
  flags: WalkFlags,
  report: WalkReport<Finding>,
  walk: (opened: OpenedPlatforms, order: WalkOrder<Finding, Tally>) => Promise<WalkProgress<Tally>>,
  { kindOf, goesOn }: { kindOf(finding: Finding): string | undefined; goesOn?: string },
): Promise<{ chainId: number; result: WalkProgress<Tally> }> {
  return withPlatform(
    env,
    flags.chain,
    async (opened) => {
      const { platform } = opened;
      const order: WalkOrder<Finding, Tally> = {
        platform,
        isRestart: flags.restart ?? false,
        room: { mostWaiting: flags.mostWaiting, stuckSeconds: flags.patience, onWait: report.onWait },
        onFinding: (finding) => {
          const kind = kindOf(finding);
          if (kind !== undefined) report.add(kind, finding);
        },
        onProgress: report.onProgress,
      };
      try {
        return { chainId: platform.chainId, result: await walk(opened, order) };
      } catch (error) {
        throw explainEnd(error);
      }
    },
    () => report.cameTo(goesOn),
  );
}

/** What ends a walk early, for whoever waits for it. */
function explainEnd(error: unknown): unknown {
  if (error instanceof WalkTakenOver) {
    const message = 'Another run of this command has gone on from the same place; this one ends.';
    return new CommandError('taken_over', message, { exitCode: exitCodes.failed, cause: error });
  }
  if (!(error instanceof QueueStandsStill)) return error;
  const message =
    `The queue has ${error.waiting.toLocaleString('en-US')} rows and does not get shorter: does a server run, ` +
    'with the credential of the chain? foyer outbox list --by-code tells more. The same command goes on from here.';
  return new CommandError('queue_stands_still', message, { exitCode: exitCodes.failed, cause: error });
}
