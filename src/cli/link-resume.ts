import type { Command } from 'commander';
import { printing } from './command-output.ts';
import { namingChain, readChainId } from './delivery-options.ts';
import { momentText } from './moment-text.ts';
import { operatorContext, withAccounts } from './open-accounts.ts';

/** `foyer link resume`: ends the pause of a chain. */
export function linkResume(link: Command, env: NodeJS.ProcessEnv): void {
  link
    .command('resume')
    .summary('end the pause of a chain')
    .description(
      'Ends the pause of a chain that the loyalty platform had shut out, once its credential or hostname is mended and the ' +
        'servers have it: they try at once, and pause again if it is not. Without it they try when the pause is over.',
    )
    .requiredOption('--chain <id>', 'the chain', readChainId)
    .option('--json', 'print one JSON document')
    .action(
      printing(async ({ chain }: { chain: number }) => {
        const { pausedUntil, pauseReason } = await withAccounts(env, 'present', ({ accounts }) =>
          namingChain(chain, () => accounts.resumeChain({ chainId: chain }, operatorContext())),
        );
        const text =
          pausedUntil === null
            ? `Chain ${chain} was not paused.`
            : `Chain ${chain} was paused until ${momentText(pausedUntil)} (${pauseReason}); that is over.`;
        return { data: { chain, wasPausedUntil: pausedUntil, reason: pauseReason }, text };
      }),
    );
}
