import { AccountError } from './errors.ts';

/** How often a password is checked for one request at most. */
const mostChecks = 3;

/**
 * Thrown inside a transaction: another password hash is stored than the one that was checked, or nobody is there any
 * more. A hash takes long, and waits in line: meanwhile others change passwords, and upgrade old hashes of the same one.
 */
export class PasswordReplaced extends Error {
  constructor() {
    super('the password was replaced while it was checked');
    this.name = 'PasswordReplaced';
  }
}

/**
 * Does work that checks a password and then writes, anew where the hash was replaced in between: what counts is the
 * password that is stored when something is written. Throws `overloaded` when that happens again and again.
 */
export async function againWhenReplaced<T>(work: () => Promise<T>): Promise<T> {
  for (let left = mostChecks; left > 0; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PasswordReplaced)) throw error;
    }
  }
  throw new AccountError('overloaded', { retryAfterSeconds: 1 });
}
