import { lowerCaseEmail } from '../../accounts/email.ts';
import { formatIdList, parseIdList } from '../../accounts/id-list.ts';
import { scalarText } from './body.ts';
import type { Locale } from './messages.ts';
import type { PresentedCustomer } from './present.ts';
import { salutationText } from './salutations.ts';

type Unsaved = 'created_at' | 'updated_at';

/** A customer that was not created: the wire's shape without an id and without times. */
export type PresentedDraft = Omit<PresentedCustomer, Unsaved> & Record<Unsaved, null>;

/**
 * Shows what a refused sign-up asked for, which the gem puts beside the errors so that a form can be filled in again
 * (gomus 2.6). Values that have no place in the shape are left out; passwords never appear.
 */
export function presentDraft(body: Readonly<Record<string, unknown>>, locale: Locale): PresentedDraft {
  const text = (name: string): string | null => scalarText(body[name]) ?? null;
  const id = (name: string): number | null => {
    const digits = text(name);
    return digits !== null && /^\d{1,9}$/.test(digits) ? Number(digits) : null;
  };
  const groups = parseIdList(body.newsletter_groups ?? '');
  const groupIds = groups.ok ? groups.ids : [];
  const isTicked = /^(?:true|1)$/i.test(text('wants_newsletter') ?? '');
  const salutationId = id('customer_salutation_id');
  return {
    category_id: null,
    created_at: null,
    customer_salutation_id: salutationId,
    customer_title_id: id('customer_title_id'),
    debitor_number: null,
    email: lowerCaseEmail((text('email') ?? '').trim()),
    fax: text('fax'),
    has_collective_invoice_payment: false,
    has_voucher_payment: false,
    id: null,
    institution: null,
    is_institution: false,
    language_id: id('language_id'),
    level: 20,
    mobile: text('mobile'),
    name: text('name') ?? '',
    notes: null,
    payment_mode_id: null,
    price_target_audience_id: 1,
    provider: 'email',
    surname: text('surname') ?? '',
    tel: text('tel'),
    updated_at: null,
    newsletter_groups: formatIdList(groupIds),
    wants_newsletter: (body.newsletter_groups ?? undefined) === undefined ? isTicked : groupIds.length > 0,
    salutation: salutationText(salutationId, locale),
  };
}
