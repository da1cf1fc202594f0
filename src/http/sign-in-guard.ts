import type { RequestContext } from '../accounts/access.ts';
import { AccountError } from '../accounts/errors.ts';
import type { Accounts } from '../accounts/index.ts';
import type { Metrics } from './metrics.ts';
import type { SignInLimits } from './sign-in-limits.ts';
import type { Leave } from './waiting-lines.ts';

export interface GuardOptions {
  limits: SignInLimits;
  signUpLimit: { admit(network: string | undefined): Promise<void> };
  metrics: Pick<Metrics, 'countSignIn'>;
}

/** Puts the limits of the edge in front of the verbs that hash passwords or create accounts, and counts outcomes of sign-ins. */
export function guardSignIns(accounts: Accounts, { limits, signUpLimit, metrics }: GuardOptions): Accounts {
  const guarded = async <Result>(
    wire: 'gomus' | 'spaaza',
    context: RequestContext,
    check: () => Promise<Result>,
  ): Promise<Result> => {
    const { actor, network } = context;
    const caller = actor.kind === 'partner' ? { keyId: actor.keyId, network } : { network };
    let leave: Leave | undefined;
    try {
      leave = await limits.admit(caller);
      const result = await check();
      metrics.countSignIn(wire, 'success');
      await limits.record(caller, 'success');
      return result;
    } catch (error) {
      if (!(error instanceof AccountError)) throw error;
      metrics.countSignIn(wire, error.code);
      if (error.code === 'invalid_credentials' || error.code === 'account_locked')
        await limits.record(caller, 'failure');
      throw error;
    } finally {
      leave?.();
    }
  };
  /** Stands in the line of its network: a hash that nobody counts as a guess must not push everybody else's out. */
  const inLine = async <Result>({ network }: RequestContext, work: () => Promise<Result>): Promise<Result> => {
    const leave = await limits.standInLine(network);
    try {
      return await work();
    } finally {
      leave();
    }
  };
  return {
    ...accounts,
    signIn: (input, context) => guarded('gomus', context, () => accounts.signIn(input, context)),
    verifyLogin: (input, context) => guarded('spaaza', context, () => accounts.verifyLogin(input, context)),
    signUp: async (input, context) => {
      await signUpLimit.admit(context.network);
      return inLine(context, () => accounts.signUp(input, context));
    },
    updateOwnAccount: (input, context) =>
      input.password === undefined
        ? accounts.updateOwnAccount(input, context)
        : inLine(context, () => accounts.updateOwnAccount(input, context)),
  };
}
