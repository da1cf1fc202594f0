import type { CustomerChanges } from '../../accounts/customer.ts';
import type { Problem } from '../../accounts/errors.ts';
import { parseIdList } from '../../accounts/id-list.ts';
import type { NewsletterWish } from '../../accounts/newsletter.ts';
import type { PasswordChange } from '../../accounts/update-customer.ts';
import { scalarText } from './body.ts';
import { isSalutation, isTitle } from './salutations.ts';

type Body = Readonly<Record<string, unknown>>;

/** What a body says about an account, in domain words. */
export interface AccountInput {
  changes: CustomerChanges;
  newsletter: NewsletterWish;
  emailConfirmation?: string;
  password?: PasswordChange;
  /** Values of a wrong type; the domain reports them together with its own findings. */
  problems: Problem[];
}

type Draft = { changes: Record<string, unknown>; newsletter: NewsletterWish; problems: Problem[] };
type Reader = (value: unknown, draft: Draft) => void;

/** A text that must be there: null is blank, anything but text, number or boolean is invalid (decisions, both wires 3). */
const requiredText =
  (field: keyof CustomerChanges): Reader =>
  (value, draft) => {
    const text = value === null ? '' : scalarText(value);
    if (text === undefined) draft.problems.push({ field, rule: 'invalid' });
    else draft.changes[field] = text.trim();
  };

const optionalText =
  (field: keyof CustomerChanges): Reader =>
  (value, draft) => {
    const text = value === null ? null : scalarText(value);
    if (text === undefined) draft.problems.push({ field, rule: 'invalid' });
    else draft.changes[field] = text;
  };

/** A blank reference is none: as a text it could belong to one customer only, and nobody could ask for it. */
const optionalReference =
  (field: keyof CustomerChanges): Reader =>
  (value, draft) =>
    optionalText(field)(typeof value === 'string' && value.trim() === '' ? null : value, draft);

const optionalId =
  (field: keyof CustomerChanges, isKnown: (id: number) => boolean): Reader =>
  (value, draft) => {
    if (value === null || value === '') {
      draft.changes[field] = null;
      return;
    }
    const text = typeof value === 'boolean' ? undefined : scalarText(value);
    if (text === undefined || !/^\d{1,9}$/.test(text)) draft.problems.push({ field, rule: 'invalid' });
    else if (!isKnown(Number(text))) draft.problems.push({ field, rule: 'unknown', value: text });
    else draft.changes[field] = Number(text);
  };

const newsletterGroups: Reader = (value, draft) => {
  if (value === null) return;
  const list = parseIdList(value);
  if (list.ok) draft.newsletter.groupIds = list.ids;
  else draft.problems.push({ field: 'newsletterGroups', rule: 'invalid', value: list.invalid });
};

const wantsNewsletter: Reader = (value, draft) => {
  if (value === null || value === '') return;
  const text = scalarText(value)?.toLowerCase();
  if (text === 'true' || text === '1') draft.newsletter.wantsNewsletter = true;
  else if (text === 'false' || text === '0') draft.newsletter.wantsNewsletter = false;
  else draft.problems.push({ field: 'wantsNewsletter', rule: 'invalid' });
};

const any = () => true;

/** What a customer may say about themselves (decisions, go~mus 6); every other key is ignored. */
const ownFields: Readonly<Record<string, Reader>> = {
  name: requiredText('givenName'),
  surname: requiredText('familyName'),
  email: requiredText('email'),
  customer_salutation_id: optionalId('salutationId', isSalutation),
  customer_title_id: optionalId('titleId', isTitle),
  language_id: optionalId('languageId', any),
  tel: optionalText('phone'),
  mobile: optionalText('mobile'),
  fax: optionalText('fax'),
  newsletter_groups: newsletterGroups,
  wants_newsletter: wantsNewsletter,
};

/** What a partner may say about any customer. */
const partnerFields: Readonly<Record<string, Reader>> = {
  ...ownFields,
  foreign_id: optionalReference('foreignId'),
  category_id: optionalId('categoryId', any),
  notes: optionalText('notes'),
};

const passwordFields = ['password', 'password_confirmation', 'current_password'] as const;

/** Tells whether a body has any key that the account endpoints read; a body of ignored keys only is refused. */
export function hasAccountFields(body: Body): boolean {
  const names = [...Object.keys(ownFields), ...passwordFields, 'email_confirmation'];
  return names.some((name) => Object.hasOwn(body, name));
}

/** Reads an account body; values of a wrong type are among the `problems`. */
export function readAccount(body: Body): AccountInput {
  const draft = readFields(body, ownFields);
  const password: PasswordChange = {};
  readPassword(body, 'password', 'newPassword', password, draft.problems);
  readPassword(body, 'password_confirmation', 'passwordConfirmation', password, draft.problems);
  readPassword(body, 'current_password', 'currentPassword', password, draft.problems);
  const emailConfirmation = Object.hasOwn(body, 'email_confirmation')
    ? (scalarText(body.email_confirmation) ?? '')
    : undefined;
  const isPasswordNamed = Object.keys(password).length > 0;
  return {
    ...draft,
    emailConfirmation,
    password: isPasswordNamed ? password : undefined,
  };
}

/** Reads the fields of a customer record sent by a partner, as `readAccount` does. */
export function readRecord(body: Body): Pick<AccountInput, 'changes' | 'newsletter' | 'problems'> {
  return readFields(body, partnerFields);
}

function readFields(body: Body, fields: Readonly<Record<string, Reader>>): Draft {
  const draft: Draft = { changes: {}, newsletter: {}, problems: [] };
  for (const [name, read] of Object.entries(fields)) {
    if (Object.hasOwn(body, name)) read(body[name], draft);
  }
  return draft;
}

/** null counts as a blank password, so that the answer names the field instead of ignoring it. */
function readPassword(
  body: Body,
  name: (typeof passwordFields)[number],
  field: keyof PasswordChange,
  into: PasswordChange,
  problems: Problem[],
): void {
  if (!Object.hasOwn(body, name)) return;
  const text = body[name] === null ? '' : scalarText(body[name]);
  if (text === undefined) problems.push({ field, rule: 'invalid' });
  else into[field] = text;
}
