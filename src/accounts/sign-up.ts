import type { RequestContext } from './access.ts';
import { logChange, passwordSet } from './change-log.ts';
import { type CustomerChanges, differences, problemsOf } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, isReported, type Problem, refuseIfAny } from './errors.ts';
import { type NewsletterWish, problemsOfWish, setGroups, wishedGroups } from './newsletter.ts';
import { shopPasswordProblem } from './password-policy.ts';
import { type SignedIn, startSession } from './sign-in.ts';
import type { CustomerWithGroups, NewCustomer, WritableStore } from './store.ts';
import { confirmationProblems, isTaken } from './taken-email.ts';
import type { Shop } from './topology.ts';

export interface SignUp {
  shop: Shop;
  changes: CustomerChanges;
  /** Must repeat the e-mail when given. */
  emailConfirmation?: string;
  password?: string;
  passwordConfirmation?: string;
  newsletter: NewsletterWish;
  /** What the adapter could not read: reported together with the domain's own findings. */
  problems: readonly Problem[];
}

/**
 * Registers a customer at a store and signs them in. Throws `validation_failed` with every problem at once; a taken
 * e-mail is one of them, also when two registrations race. Costs one hash.
 */
export async function signUp(deps: AccountDeps, input: SignUp, context: RequestContext): Promise<SignedIn> {
  refuseIfAny(await problemsOfSignUp(deps, input));
  const groupIds = wishedGroups(input.newsletter, [], input.shop) ?? [];
  const passwordHash = await deps.passwords.hash(input.password ?? '');
  const debtorNumber = await deps.debtorNumbers.next();
  const now = deps.now();
  return deps.store.transaction(async (store) => {
    const { shop, changes } = input;
    const wanted = { shop, changes, groupIds, passwordHash, debtorNumber };
    const created = await insertCustomer(deps, store, context, wanted, now);
    const token = await startSession(deps, store, created.customer, context, now);
    return { ...created, token };
  });
}

async function problemsOfSignUp(deps: AccountDeps, input: SignUp): Promise<Problem[]> {
  const { shop, changes, emailConfirmation, password, passwordConfirmation, newsletter } = input;
  const problems = [...input.problems];
  if (passwordConfirmation !== undefined && passwordConfirmation !== password) {
    problems.push({ field: 'passwordConfirmation', rule: 'mismatch' });
  }
  const passwordProblem = shopPasswordProblem('newPassword', password ?? '');
  if (passwordProblem !== undefined && !isReported(input.problems, 'newPassword')) problems.push(passwordProblem);
  problems.push(...problemsOfNewcomer(changes, input.problems));
  problems.push(...problemsOfWish(newsletter, deps.directory.topology));
  // What could not be read was told, and agrees with nothing.
  if (!isReported(input.problems, 'email'))
    problems.push(...confirmationProblems(emailConfirmation, changes.email ?? ''));
  const { poolId } = deps.directory.topology.websiteById(shop.websiteId);
  if (await isTaken(deps.store, poolId, changes.email)) problems.push({ field: 'email', rule: 'taken' });
  return problems;
}

/** What is wrong with the profile of somebody new, who must have an e-mail: one that could not be read is `reported` already. */
export function problemsOfNewcomer(changes: CustomerChanges, reported: readonly Problem[]): Problem[] {
  return problemsOf(isReported(reported, 'email') ? changes : { ...changes, email: changes.email ?? '' });
}

/** What `insertCustomer` writes. `debtorNumber` is taken before the transaction begins. */
interface InsertedCustomer {
  shop: Shop;
  changes: CustomerChanges;
  groupIds: readonly number[];
  passwordHash: string | null;
  debtorNumber: number;
}

/**
 * Writes a new customer of a store with groups, history and event, inside a transaction. Throws `validation_failed`
 * (taken) when someone else was first.
 */
export async function insertCustomer(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  input: InsertedCustomer,
  now: string,
): Promise<CustomerWithGroups> {
  const { shop, changes, groupIds, passwordHash, debtorNumber } = input;
  const website = deps.directory.topology.websiteById(shop.websiteId);
  const customer: NewCustomer = {
    ...blankCustomer,
    ...changes,
    email: (changes.email ?? '').trim(),
    poolId: website.poolId,
    websiteId: website.id,
    storeId: shop.id,
    createdIn: shop.name,
    debtorNumber,
    passwordHash,
    createdAt: now,
    updatedAt: now,
  };
  const id = await store.customers.insert(customer);
  if (id === undefined) throw new AccountError('validation_failed', { problems: [{ field: 'email', rule: 'taken' }] });
  const fields = differences<CustomerChanges>(blankCustomer, { ...changes, email: customer.email });
  const bare = (await store.customers.findById(id))!;
  const groups = await setGroups(store, context, deps.directory.topology, bare, groupIds, now);
  const all = [...fields, ...groups.changes];
  const event = { type: 'customer.created', customerId: id, fields: all.map(({ field }) => field) } as const;
  const password = passwordHash === null ? [] : [passwordSet({ hasPassword: false })];
  await logChange(store, context, event, [...all, ...password], now);
  return { customer: bare.customer, groupIds: groups.groupIds };
}

/** A customer about whom nothing is known: a shop account of the general group. */
const blankCustomer = {
  email: '',
  givenName: '',
  familyName: '',
  salutationId: null,
  titleId: null,
  languageId: null,
  birthday: null,
  genderCode: null,
  genderToken: null,
  phone: null,
  mobile: null,
  fax: null,
  countryCode: null,
  level: 20,
  categoryId: null,
  hasVoucherPayment: false,
  hasCollectiveInvoicePayment: false,
  isInstitution: false,
  institution: null,
  notes: null,
  paymentModeId: null,
  priceTargetAudienceId: 1,
  foreignId: null,
  groupId: 1,
  unconfirmedSince: null,
} satisfies CustomerChanges;
