import type { DebtorNumbers } from './debtor-numbers.ts';
import type { Directory } from './directory.ts';
import type { PasswordHashing } from './password.ts';
import type { SessionRules } from './session.ts';
import type { Store } from './store.ts';

/** Limits of guessing: after `maxFailures` in a row an account, or one of its known devices, rests for `lockSeconds`. */
export interface LockRules {
  maxFailures: number;
  lockSeconds: number;
}

/** How long what is done with is kept, in days. */
export interface RetentionRules {
  deadLetterDays: number;
  inboxDays: number;
  tombstoneDays: number;
  signInHistoryDays: number;
}

/** The settable rules of the domain. */
export interface AccountRules {
  sessions: SessionRules;
  lock: LockRules;
  /** Whether changing a password over go~mus needs the current one (decisions, go~mus 6). */
  needsCurrentPassword: boolean;
  kept: RetentionRules;
}

/** Which chains of the loyalty platform are told of changes, and asked. */
export interface LoyaltySwitch {
  /** True for a chain with a credential. */
  isOn(chainId: number): boolean;
  /** How long what was heard of a customer counts as fresh: a sign-in within that time asks for nothing. */
  pullIntervalSeconds: number;
}

/** What every verb is bound to. */
export interface AccountDeps {
  store: Store;
  directory: Directory;
  passwords: PasswordHashing;
  debtorNumbers: Pick<DebtorNumbers, 'next'>;
  rules: AccountRules;
  loyalty: LoyaltySwitch;
  /** The time now, ISO 8601 UTC with milliseconds. */
  now(): string;
}
