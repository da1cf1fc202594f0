import { describe, expect, it } from 'vitest';
import { AccountError, type AccountErrorCode } from '../accounts/errors.ts';
import type { Accounts } from '../accounts/index.ts';
import { guardSignIns } from './sign-in-guard.ts';

const context = {
  actor: { kind: 'customer', id: 7 },
  origin: 'gomus',
  requestId: 'r',
  network: '203.0.113.9',
} as const;

/** Verbs behind the guard, which end as told, and what was done in order. */
function guarded(end = (): unknown => Promise.reject(new Error('Nobody is there'))) {
  const done: string[] = [];
  const verb = (name: string) => async () => {
    done.push(name);
    return end();
  };
  const names = ['signUp', 'updateOwnAccount', 'signIn', 'verifyLogin'];
  const verbs = Object.fromEntries(names.map((name) => [name, verb(name)])) as unknown as Accounts;
  const accounts = guardSignIns(verbs, {
    limits: {
      admit: async ({ network, keyId }) => {
        done.push(`admit ${keyId ?? network}`);
        return () => done.push('leave');
      },
      record: async ({ network, keyId }, outcome) => {
        done.push(`record ${outcome} of ${keyId ?? network}`);
      },
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
    metrics: { countSignIn: (wire, outcome) => done.push(`${wire} ${outcome}`) },
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

describe('the guard in front of sign-ins', () => {
  it('tells how an attempt ended before the next may begin', async () => {
    const { accounts, done } = guarded(() => 'a session');
    expect(await accounts.signIn({} as never, context)).toBe('a session');
    expect(done).toEqual(['admit 203.0.113.9', 'signIn', 'gomus success', 'record success of 203.0.113.9', 'leave']);
  });

  it('takes an attempt of a partner for one of its key', async () => {
    const { accounts, done } = guarded(() => 'a customer');
    const actor = { kind: 'partner', keyId: 3, name: 'spaaza', scopes: [], websiteId: null } as const;
    await accounts.verifyLogin({} as never, { ...context, actor, origin: 'spaaza' });
    expect(done).toEqual(['admit 3', 'verifyLogin', 'spaaza success', 'record success of 3', 'leave']);
  });

  it.each<[AccountErrorCode, string[]]>([
    ['invalid_credentials', ['record failure of 203.0.113.9']],
    ['account_locked', ['record failure of 203.0.113.9']],
    ['overloaded', []],
  ])('counts %s, and as a failure only what may be a guess', async (code, recorded) => {
    const { accounts, done } = guarded(() => Promise.reject(new AccountError(code)));
    await expect(accounts.signIn({} as never, context)).rejects.toMatchObject({ code });
    expect(done).toEqual(['admit 203.0.113.9', 'signIn', `gomus ${code}`, ...recorded, 'leave']);
  });
});
