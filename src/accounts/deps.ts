import type { Directory } from './directory.ts';
import type { PasswordHashing } from './password.ts';
import type { SessionRules } from './session.ts';
import type { Store } from './store.ts';

/** Limits of guessing: after `maxFailures` in a row an account, or one of its known devices, rests for `lockSeconds`. */
export interface LockRules {
  maxFailures: number;
  lockSeconds: number;
}

/** The settable rules of the domain. */
export interface AccountRules {
  sessions: SessionRules;
  lock: LockRules;
  /** Whether changing a password over go~mus needs the current one (decisions, go~mus 6). */
  needsCurrentPassword: boolean;
}

/** What every verb is bound to. */
export interface AccountDeps {
  store: Store;
  directory: Directory;
  passwords: PasswordHashing;
  rules: AccountRules;
  /** The time now, ISO 8601 UTC with milliseconds. */
  now(): string;
}
