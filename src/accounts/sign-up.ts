import type { RequestContext } from './access.ts';
import { logChange } from './change-log.ts';
import { type CustomerChanges, differences, problemsOf } from './customer.ts';
import type { AccountDeps } from './deps.ts';
import { normalizeEmail } from './email.ts';
import { AccountError, type Problem, refuseIfAny } from './errors.ts';
import { type NewsletterWish, setGroups, wishedGroups } from './newsletter.ts';
import { shopPasswordProblem } from './password-policy.ts';
import { type SignedIn, startSession } from './sign-in.ts';
import type { NewCustomer, WritableStore } from './store.ts';
import type { Shop } from './topology.ts';

export interface SignUp {
  shop: Shop;
  changes: CustomerChanges;
  password?: string;
  passwordConfirmation?: string;
  newsletter: NewsletterWish;
}

/**
 * Registers a customer at a store and signs them in. Throws `validation_failed` with every problem at once; a taken
 * e-mail is one of them, also when two registrations race. Costs one hash.
 */
export async function signUp(deps: AccountDeps, input: SignUp, context: RequestContext): Promise<SignedIn> {
  const { topology } = deps.directory;
  const problems = await problemsOfSignUp(deps, input);
  const groupIds = wishedGroups(input.newsletter, [], input.shop, topology) ?? [];
  refuseIfAny(problems);
  const passwordHash = await deps.passwords.hash(input.password ?? '');
  const now = deps.now();
  return deps.store.transaction(async (store) => {
    const id = await insertCustomer(deps, store, context, input.shop, input.changes, passwordHash, now);
    const created = (await store.customers.findById(id))!;
    await setGroups(store, context, topology, created, groupIds, now);
    const token = await startSession(deps, store, created.customer, context, now);
    return { customer: created.customer, groupIds: [...groupIds].sort((a, b) => a - b), token };
  });
}

async function problemsOfSignUp(deps: AccountDeps, { shop, changes, password, passwordConfirmation }: SignUp) {
  const problems: Problem[] = [];
  if (passwordConfirmation !== undefined && passwordConfirmation !== password) {
    problems.push({ field: 'passwordConfirmation', rule: 'mismatch' });
  }
  const passwordProblem = shopPasswordProblem('newPassword', password ?? '');
  if (passwordProblem !== undefined) problems.push(passwordProblem);
  problems.push(...problemsOf({ ...changes, email: changes.email ?? '' }));
  if (changes.email !== undefined) {
    const { poolId } = deps.directory.topology.websiteById(shop.websiteId);
    const owner = await deps.store.customers.findByEmail(poolId, normalizeEmail(changes.email));
    if (owner !== undefined) problems.push({ field: 'email', rule: 'taken' });
  }
  return problems;
}

/**
 * Writes a new customer of a store with its history and event, inside a transaction; gives the id. Throws
 * `validation_failed` (taken) when someone else was first.
 */
export async function insertCustomer(
  deps: AccountDeps,
  store: WritableStore,
  context: RequestContext,
  shop: Shop,
  changes: CustomerChanges,
  passwordHash: string | null,
  now: string,
): Promise<number> {
  const website = deps.directory.topology.websiteById(shop.websiteId);
  const customer: NewCustomer = {
    ...blankCustomer,
    ...changes,
    email: (changes.email ?? '').trim(),
    poolId: website.poolId,
    websiteId: website.id,
    storeId: shop.id,
    createdIn: shop.name,
    debtorNumber: await store.settings.next('debtor_number'),
    passwordHash,
    createdAt: now,
    updatedAt: now,
  };
  const id = await store.customers.insert(customer);
  if (id === undefined) throw new AccountError('validation_failed', { problems: [{ field: 'email', rule: 'taken' }] });
  const fields = differences<CustomerChanges>(blankCustomer, { ...changes, email: customer.email });
  const event = { type: 'customer.created', customerId: id, fields: fields.map(({ field }) => field) } as const;
  await logChange(store, context, event, fields, now);
  return id;
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
