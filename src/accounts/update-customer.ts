import type { RequestContext } from './access.ts';
import { logChange, passwordSet } from './change-log.ts';
import { checkCounted } from './counted-check.ts';
import { type CustomerChanges, differences, type FieldChange, problemsOf } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, isReported, type Problem, refuseIfAny } from './errors.ts';
import { movesUpdatedAt } from './history-fields.ts';
import { type NewsletterWish, problemsOfWish, setGroups, wishedGroups } from './newsletter.ts';
import { shopPasswordProblem } from './password-policy.ts';
import { againWhenReplaced, PasswordReplaced } from './password-replaced.ts';
import { addSeconds } from './session.ts';
import type { CustomerWithGroups, HeldCustomer, WritableStore } from './store.ts';
import { confirmationProblems, isTakenElsewhere } from './taken-email.ts';
import type { Shop } from './topology.ts';

export interface CustomerUpdate {
  changes: CustomerChanges;
  newsletter: NewsletterWish;
  /** Must repeat the new e-mail when given. */
  emailConfirmation?: string;
  password?: PasswordChange;
  /** What the adapter could not read: reported together with the domain's own findings. */
  problems: readonly Problem[];
}

export interface PasswordChange {
  newPassword?: string;
  passwordConfirmation?: string;
  /** Checked whenever given; undefined means the caller did not send it. */
  currentPassword?: string;
}

export interface OwnAccountUpdate extends CustomerUpdate {
  /** As their session told; what has changed since is read again. */
  account: CustomerWithGroups;
  sessionId: number;
  shop: Shop;
}

/**
 * Lets a signed-in customer change their own account. Throws `validation_failed` with every problem at once (taken
 * e-mail, unknown group, wrong current password …); then nothing is changed. A new password ends all other sessions.
 * Throws `not_signed_in` where the session has ended meanwhile. Costs a hash only when a password is involved; throws
 * `account_locked` after too many wrong current passwords.
 */
export async function updateOwnAccount(
  deps: AccountDeps,
  input: OwnAccountUpdate,
  context: RequestContext,
): Promise<CustomerWithGroups> {
  return againWhenReplaced(() => checkAndUpdate(deps, input, context));
}

async function checkAndUpdate(
  deps: AccountDeps,
  input: OwnAccountUpdate,
  context: RequestContext,
): Promise<CustomerWithGroups> {
  const { problems, checkedHash } = await checkPasswordChange(deps, input);
  problems.push(...problemsOf(input.changes), ...(await problemsOfNewEmail(deps, input)));
  problems.push(...input.problems, ...problemsOfWish(input.newsletter, deps.directory.topology));
  refuseIfAny(problems);
  const newHash =
    input.password?.newPassword === undefined ? undefined : await deps.passwords.hash(input.password.newPassword);
  return deps.store.transaction(async (store) => {
    // Whether there was a password is not part of what counts as unchanged.
    const known = newHash === undefined ? input.account : undefined;
    const current = await store.customers.lock(input.account.customer.id, known);
    if (current === undefined) throw new AccountError('not_signed_in');
    if (checkedHash !== undefined) await refuseIfReplaced(store, input, checkedHash);
    const now = deps.now();
    const groupIds = wishedGroups(input.newsletter, current.groupIds, input.shop);
    const held =
      newHash === undefined ? current : await replacePassword(store, context, current, newHash, input.sessionId, now);
    const changed = await changeCustomer(deps, store, context, held, { changes: input.changes, groupIds }, now);
    // Another session may have ended it: with a new password, and on purpose.
    const isWritten = changed !== current;
    if (isWritten && !(await store.sessions.isStillOpen(input.sessionId))) throw new AccountError('not_signed_in');
    return changed;
  });
}

interface WantedChange {
  changes?: CustomerChanges;
  /** Newsletters to be in; absent for those there are. */
  groupIds?: readonly number[] | undefined;
  /** What was written to other tables, for history and event. */
  others?: readonly FieldChange[];
}

/**
 * Applies changes to a customer that the transaction has locked: customer row, memberships, consent, history, event.
 * Writes nothing at all when nothing differs; what only happened and changes no field is logged and moves no `updatedAt`.
 * Gives the customer as it is now.
 */
export async function changeCustomer(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  current: HeldCustomer,
  { changes = {}, groupIds, others = [] }: WantedChange,
  now: string,
): Promise<CustomerWithGroups> {
  const wanted = changes.email === undefined ? changes : { ...changes, email: changes.email.trim() };
  const fields = differences<CustomerChanges>(current.customer, wanted);
  const groups =
    groupIds === undefined
      ? { groupIds: current.groupIds, changes: [] }
      : await setGroups(store, context, deps.directory.topology, current, groupIds, now);
  const all = [...fields, ...groups.changes, ...others];
  if (all.length === 0) return current;
  const customer = all.some(movesUpdatedAt)
    ? await store.customers.update(current, wanted, laterThan(current.customer.updatedAt, now))
    : current.customer;
  const event = { type: 'customer.updated', customerId: customer.id, fields: all.map(({ field }) => field) } as const;
  await logChange(store, context, event, all, now);
  return { customer, groupIds: groups.groupIds };
}

/** By `updatedAt` it is told whether a customer has changed since they were read: it moves on though the clock may not. */
function laterThan(updatedAt: string, now: string): string {
  return now > updatedAt ? now : addSeconds(updatedAt, 0.001);
}

/** Another session may have replaced the password, and ended this one with it. */
async function refuseIfReplaced(
  store: WritableStore,
  { account, sessionId }: OwnAccountUpdate,
  checkedHash: string,
): Promise<void> {
  if ((await store.customers.findPasswordHash(account.customer.id)) === checkedHash) return;
  throw (await store.sessions.isOpen(sessionId)) ? new PasswordReplaced() : new AccountError('not_signed_in');
}

async function replacePassword(
  store: WritableStore,
  context: RequestContext,
  held: HeldCustomer,
  passwordHash: string,
  actingSessionId: number,
  now: string,
): Promise<HeldCustomer> {
  const { customer } = held;
  await store.customers.setPasswordHash(customer.id, passwordHash);
  await store.sessions.deleteByCustomer(customer.id, actingSessionId);
  const event = { type: 'customer.password_changed', customerId: customer.id } as const;
  await logChange(store, context, event, [passwordSet(customer)], now);
  return { ...held, customer: { ...customer, hasPassword: true } };
}

interface CheckedPasswordChange {
  problems: Problem[];
  /** The stored hash that the current password fits, where one was given. */
  checkedHash?: string;
}

/** The order is devise's: confirmation, then the password itself, then the current one (gomus 2.8). */
async function checkPasswordChange(deps: AccountDeps, input: OwnAccountUpdate): Promise<CheckedPasswordChange> {
  const problems: Problem[] = [];
  if (input.password === undefined) return { problems };
  const { newPassword, passwordConfirmation, currentPassword } = input.password;
  if (passwordConfirmation !== undefined && passwordConfirmation !== newPassword) {
    problems.push({ field: 'passwordConfirmation', rule: 'mismatch' });
  }
  if (newPassword !== undefined) {
    const problem = shopPasswordProblem('newPassword', newPassword);
    if (problem !== undefined) problems.push(problem);
  }
  const isRequired = newPassword !== undefined && deps.rules.needsCurrentPassword;
  if (currentPassword === undefined || currentPassword === '') {
    const isMissing = (isRequired && !isReported(input.problems, 'currentPassword')) || currentPassword === '';
    if (isMissing) problems.push({ field: 'currentPassword', rule: 'blank' });
    return { problems };
  }
  const checkedHash = await checkCurrentPassword(deps, input, currentPassword);
  if (checkedHash === undefined) problems.push({ field: 'currentPassword', rule: 'invalid' });
  return { problems, checkedHash };
}

/**
 * The stored hash that the password fits, or undefined. Counted per session, so that a stolen token cannot try out
 * passwords for ever and does not lock the owner out. Throws `account_locked` after too many wrong ones.
 */
async function checkCurrentPassword(
  deps: AccountDeps,
  { account, sessionId }: OwnAccountUpdate,
  password: string,
): Promise<string | undefined> {
  const key = `session:${sessionId}`;
  try {
    const stored = await deps.store.customers.findPasswordHash(account.customer.id);
    const { hadFailures } = await checkCounted(deps, key, password, stored);
    if (hadFailures) await deps.store.transaction((store) => store.attempts.delete([key]));
    return stored ?? undefined;
  } catch (error) {
    if (error instanceof AccountError && error.code === 'invalid_credentials') return undefined;
    throw error;
  }
}

async function problemsOfNewEmail(
  deps: AccountDeps,
  { account: { customer }, changes, emailConfirmation, problems: told }: OwnAccountUpdate,
): Promise<Problem[]> {
  const email = changes.email ?? customer.email;
  const problems = isReported(told, 'email') ? [] : confirmationProblems(emailConfirmation, email);
  if (await isTakenElsewhere(deps.store, customer, changes.email)) problems.push({ field: 'email', rule: 'taken' });
  return problems;
}
