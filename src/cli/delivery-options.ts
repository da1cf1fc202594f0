import { type Command, InvalidArgumentError, Option } from 'commander';
import type { DeliveryQuery } from '../accounts/deliveries.ts';
import { AccountError } from '../accounts/errors.ts';
import type { QueueState } from '../accounts/loyalty-queue.ts';
import { CommandError } from './command-error.ts';
import { exitCodes } from './exit-code.ts';

export interface DeliveryFlags {
  chain?: number;
  state?: QueueState;
  code?: string;
  olderThan?: number;
}

/** Adds the options by which rows of the queue are chosen. */
export function withDeliveryFilters(command: Command, defaultState?: QueueState): Command {
  const state = new Option('--state <state>', 'waiting, or dead: given up').choices(['waiting', 'dead']);
  return command
    .option('--chain <id>', 'only this chain', readChainId)
    .addOption(defaultState === undefined ? state : state.default(defaultState))
    .option('--code <code>', 'only what failed with this code: 68, or a word such as unreachable')
    .option('--older-than <age>', 'only what has waited for this long: 90s, 15m, 2h, 3d', readSeconds);
}

/** What the options say, in words of the domain. */
export function deliveryQuery({ chain, state, code, olderThan }: DeliveryFlags): DeliveryQuery {
  return { chainId: chain, state, errorCode: code, minAgeSeconds: olderThan };
}

/** Reads the id of a chain. */
export function readChainId(text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (id < 1) throw new InvalidArgumentError('It is the number of a chain.');
  return id;
}

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

function readSeconds(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError('It is a number with s, m, h or d behind it.');
  return Number(count) * secondsOf[unit as keyof typeof secondsOf];
}

/** Runs what asks for a chain; one that the topology does not have is named to whoever typed it. */
export async function namingChain<T>(chainId: number | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AccountError) || error.code !== 'chain_not_configured') throw error;
    const message = `The topology has no chain ${chainId}; foyer topology show lists them.`;
    throw new CommandError('chain_unknown', message, { exitCode: exitCodes.notFound, cause: error });
  }
}
