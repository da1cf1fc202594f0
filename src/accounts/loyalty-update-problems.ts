import type { LoyaltyUpdate } from './apply-loyalty-update.ts';
import { birthdayProblem } from './birthday.ts';
import { problemsOf } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import type { Problem } from './errors.ts';
import { loyaltyPasswordProblem } from './password-policy.ts';
import { isTaken } from './taken-email.ts';
import type { Shop } from './topology.ts';

export interface LoyaltyTarget {
  /** Id of the customer that the update is about, if there is one. */
  matched: number | undefined;
  isCreate: boolean;
  /** Where a new customer would go. */
  shop: Shop | undefined;
  /** What is wrong with the codes that say so. */
  problems: readonly Problem[];
}

/**
 * Everything wrong with an update of the loyalty platform, at once (decisions, Spaaza 5). Of an erased person only who it
 * is has to be readable; a password is looked at for a new customer only. Reads nothing when all is well.
 */
export async function problemsOfLoyaltyUpdate(
  deps: AccountDeps,
  update: LoyaltyUpdate,
  target: LoyaltyTarget,
): Promise<Problem[]> {
  const problems = update.problems.filter(({ field }) => target.isCreate || field !== 'password');
  problems.unshift(...target.problems);
  if (update.isErasure) return problems;
  const { birthday } = update.changes;
  const futureBirthday = birthday && birthdayProblem('birthday', birthday, deps.now().slice(0, 10));
  problems.push(...problemsOf(update.changes));
  if (futureBirthday) problems.push(futureBirthday);
  if (target.isCreate) problems.push(...problemsOfCreate(update, target.shop, problems));
  // The database refuses a taken e-mail by itself; it is asked beforehand only to name all problems at once.
  if (problems.length > 0 && (await isTakenInPool(deps, update.changes.email, target))) {
    problems.push({ field: 'email', rule: 'taken' });
  }
  return problems;
}

/**
 * The update without what is wrong with it, for when nobody waits for a refusal and the rest must not be lost: an opt-out
 * beside a birthday that cannot be. Whom it is about has to be readable all the same.
 */
export function leaveOutProblems(
  deps: AccountDeps,
  update: LoyaltyUpdate,
): { update: LoyaltyUpdate; leftOut: readonly Problem[] } {
  const { birthday } = update.changes;
  const futureBirthday = birthday && birthdayProblem('birthday', birthday, deps.now().slice(0, 10));
  const found = [...problemsOf(update.changes), ...(futureBirthday ? [futureBirthday] : [])];
  const changes: Record<string, unknown> = { ...update.changes };
  for (const { field } of found) delete changes[field];
  const isAboutWhom = ({ field }: Problem): boolean => field === 'user_id';
  return {
    update: { ...update, changes, problems: update.problems.filter(isAboutWhom) },
    leftOut: [...update.problems.filter((problem) => !isAboutWhom(problem)), ...found],
  };
}

function problemsOfCreate(
  { changes, password }: LoyaltyUpdate,
  shop: Shop | undefined,
  known: readonly Problem[],
): Problem[] {
  const problems: Problem[] = [];
  for (const field of ['email', 'givenName', 'familyName'] as const) {
    const isUnreadable = known.some((problem) => problem.field === field);
    if (changes[field] === undefined && !isUnreadable) problems.push({ field, rule: 'blank' });
  }
  if (password !== undefined) {
    const problem = loyaltyPasswordProblem('password', password, changes.email ?? '');
    if (problem !== undefined) problems.push(problem);
  }
  // The caller's key is bound to a website that the chain does not have.
  if (shop === undefined) problems.push({ field: 'websiteCode', rule: 'conflict' });
  return problems;
}

async function isTakenInPool(
  { store, directory }: AccountDeps,
  email: string | undefined,
  { matched, shop }: LoyaltyTarget,
): Promise<boolean> {
  if (email === undefined) return false;
  const found = matched === undefined ? undefined : await store.customers.findById(matched);
  const poolId = found?.customer.poolId ?? (shop && directory.topology.websiteById(shop.websiteId).poolId);
  return poolId !== undefined && isTaken(store, poolId, email, matched);
}
