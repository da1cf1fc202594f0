import { isValidEmail, normalizeEmail } from './email.ts';
import type { Problem } from './errors.ts';
import { freeTextProblem } from './free-text.ts';
import { nameProblem } from './person-name.ts';

/**
 * One person in one pool. Both wires read from this one record. Times are ISO 8601 UTC with milliseconds
 * (`2021-06-07T11:13:54.000Z`), dates are calendar dates (`YYYY-MM-DD`).
 */
export interface Customer {
  id: number;
  poolId: number;
  /** The website and store the customer was created in; neither moves later (magento-webapi 9). */
  websiteId: number;
  storeId: number;
  /** Name of the store at creation, frozen (magento-webapi 6.2). */
  createdIn: string;
  /** As typed, for display. Comparisons use `normalizeEmail`. */
  email: string;
  givenName: string;
  familyName: string;
  salutationId: number | null;
  titleId: number | null;
  languageId: number | null;
  birthday: string | null;
  /** 1 male, 2 female, 3 other; the token the loyalty platform used is kept beside it. */
  genderCode: 1 | 2 | 3 | null;
  genderToken: string | null;
  phone: string | null;
  mobile: string | null;
  fax: string | null;
  /** Country of the person when no address says one (ISO 3166-1 alpha-2). */
  countryCode: string | null;
  /** Kind of account on the go~mus wire: 20 is a shop account; other numbers are opaque. */
  level: number;
  categoryId: number | null;
  debtorNumber: number | null;
  hasVoucherPayment: boolean;
  hasCollectiveInvoicePayment: boolean;
  isInstitution: boolean;
  institution: string | null;
  notes: string | null;
  paymentModeId: number | null;
  priceTargetAudienceId: number | null;
  foreignId: string | null;
  /** Customer group on the Magento wire: 1 is "General". */
  groupId: number;
  hasPassword: boolean;
  /** Set while the address still waits for its confirmation; such an account cannot sign in. */
  unconfirmedSince: string | null;
  createdAt: string;
  updatedAt: string;
}

/** What a caller may set on a customer. An absent key leaves the field alone; null clears an optional one. */
export type CustomerChanges = Partial<
  Omit<
    Customer,
    'id' | 'poolId' | 'websiteId' | 'storeId' | 'createdIn' | 'hasPassword' | 'createdAt' | 'updatedAt' | 'debtorNumber'
  >
>;

/** A customer's postal address. Street, house number and extension are kept apart; a free line has only `street`. */
export interface Address {
  id: number;
  customerId: number;
  street: string;
  houseNumber: string;
  houseNumberExtension: string;
  line2: string | null;
  line3: string | null;
  postcode: string | null;
  city: string | null;
  region: string | null;
  countryCode: string | null;
  isDefaultBilling: boolean;
  isDefaultShipping: boolean;
}

export type AddressChanges = Partial<Omit<Address, 'id' | 'customerId' | 'isDefaultBilling' | 'isDefaultShipping'>>;

/** One field of a customer that a change really altered. */
export interface FieldChange {
  field: string;
  before: unknown;
  after: unknown;
}

const textLimits = { phone: 64, mobile: 64, fax: 64, foreignId: 255, notes: 10_000 } as const;

/**
 * Finds everything wrong with the shape of some changes: names, e-mail and free texts. Uniqueness is the database's
 * business and is reported by the verb. Returns an empty list when all is well.
 */
export function problemsOf(changes: CustomerChanges): Problem[] {
  const problems: (Problem | undefined)[] = [];
  if (changes.email !== undefined) {
    if (normalizeEmail(changes.email) === '') problems.push({ field: 'email', rule: 'blank' });
    else if (!isValidEmail(changes.email.trim())) problems.push({ field: 'email', rule: 'invalid' });
  }
  for (const field of ['givenName', 'familyName'] as const) {
    const value = changes[field];
    if (value !== undefined) problems.push(nameProblem(field, value));
  }
  for (const field of ['phone', 'mobile', 'fax', 'foreignId', 'notes'] as const) {
    const value = changes[field];
    if (typeof value === 'string') problems.push(freeTextProblem(field, value, textLimits[field]));
  }
  return problems.filter((problem) => problem !== undefined);
}

/** Lists the fields whose value would differ after `changes`, in the order of the changes; nothing when all is equal. */
export function differences<T extends object>(before: T, changes: Partial<T>): FieldChange[] {
  const result: FieldChange[] = [];
  for (const [field, after] of Object.entries(changes)) {
    const value = before[field as keyof T];
    if (after !== undefined && after !== value) result.push({ field, before: value ?? null, after });
  }
  return result;
}

/** The address the loyalty platform is told: default billing, else default shipping, else none (spaaza 8, Q11). */
export function mainAddress(addresses: readonly Address[]): Address | undefined {
  return (
    addresses.find((address) => address.isDefaultBilling) ?? addresses.find((address) => address.isDefaultShipping)
  );
}
