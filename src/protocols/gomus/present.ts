import type { Static } from 'typebox';
import { lowerCaseEmail } from '../../accounts/email.ts';
import { formatIdList } from '../../accounts/id-list.ts';
import type { CustomerWithGroups } from '../../accounts/store.ts';
import type { Locale } from './messages.ts';
import { salutationText } from './salutations.ts';
import type { CustomerShape } from './schemas.ts';

export type PresentedCustomer = Static<typeof CustomerShape>;

/** Gives a customer in the wire's shape: localised salutation, times with the instance zone's offset, e-mail as uid. */
export function presentCustomer(
  { customer, groupIds }: CustomerWithGroups,
  locale: Locale,
  formatTime: (isoUtc: string) => string,
): PresentedCustomer {
  return {
    category_id: customer.categoryId,
    created_at: formatTime(customer.createdAt),
    customer_salutation_id: customer.salutationId,
    customer_title_id: customer.titleId,
    debitor_number: customer.debtorNumber,
    email: lowerCaseEmail(customer.email),
    fax: customer.fax,
    has_collective_invoice_payment: customer.hasCollectiveInvoicePayment,
    has_voucher_payment: customer.hasVoucherPayment,
    id: customer.id,
    institution: customer.institution,
    is_institution: customer.isInstitution,
    language_id: customer.languageId,
    level: customer.level,
    mobile: customer.mobile,
    name: customer.givenName,
    // What a partner notes about a person is not for the person; `presentRecord` shows it (gomus 6.18).
    notes: null,
    payment_mode_id: customer.paymentModeId,
    price_target_audience_id: customer.priceTargetAudienceId,
    provider: 'email',
    surname: customer.familyName,
    tel: customer.phone,
    updated_at: formatTime(customer.updatedAt),
    newsletter_groups: formatIdList(groupIds),
    wants_newsletter: groupIds.length > 0,
    salutation: salutationText(customer.salutationId, locale),
  };
}

/** The same for partners: with the notes. */
export function presentRecord(
  found: CustomerWithGroups,
  locale: Locale,
  formatTime: (isoUtc: string) => string,
): PresentedCustomer {
  return { ...presentCustomer(found, locale, formatTime), notes: found.customer.notes };
}
