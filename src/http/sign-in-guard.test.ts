import { describe, expect, it } from 'vitest';
import type { Accounts } from '../accounts/index.ts';
import { guardSignIns } from './sign-in-guard.ts';

const context = {
  actor: { kind: 'customer', id: 7 },
  origin: 'gomus',
  requestId: 'r',
  network: '203.0.113.9',
} as const;

/** Verbs behind the guard, and what was done in order. */
function guarded() {
  const done: string[] = [];
  const verb = (name: string) => async () => {
    done.push(name);
    throw new Error('Nobody is there');
  };
  const verbs = { signUp: verb('signUp'), updateOwnAccount: verb('updateOwnAccount') } as unknown as Accounts;
  const accounts = guardSignIns(verbs, {
    limits: {
      admit: async () => () => {},
      record: async () => {},
      standInLine: async (network) => {
        done.push(`enter ${network}`);
        return () => done.push('leave');
      },
    },
    signUpLimit: {
      admit: async () => {
        done.push('count');
      },
    },
    metrics: { countSignIn: () => {} },
  });
  return { accounts, done };
}

describe('the guard in front of what hashes a password', () => {
  it('has a sign-up stand in the line of its network, once it was counted', async () => {
    const { accounts, done } = guarded();
    await expect(accounts.signUp({} as never, context)).rejects.toThrow('Nobody is there');
    expect(done).toEqual(['count', 'enter 203.0.113.9', 'signUp', 'leave']);
  });

  it('does the same with a change of an account that names a password, and with no other', async () => {
    const { accounts, done } = guarded();
    await expect(accounts.updateOwnAccount({ password: {} } as never, context)).rejects.toThrow('Nobody is there');
    await expect(accounts.updateOwnAccount({} as never, context)).rejects.toThrow('Nobody is there');
    expect(done).toEqual(['enter 203.0.113.9', 'updateOwnAccount', 'leave', 'updateOwnAccount']);
  });
});
