import { type Static, Type } from 'typebox';
import { customerExample, entryExample, statementExample } from './examples.ts';

const textOrNull = (description?: string) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], ...(description !== undefined && { description }) });
const numberOrNull = (description?: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], ...(description !== undefined && { description }) });
const nullableText = textOrNull();
const nullableNumber = numberOrNull();
const utc = 'ISO 8601, UTC, milliseconds';
/** A moment of ours on this wire. */
export const moment = Type.String({ description: utc });
const nullableMoment = textOrNull(utc);

const AddressShape = Type.Object({
  id: Type.Integer(),
  street: Type.String(),
  house_number: Type.String(),
  house_number_extension: Type.String(),
  line2: nullableText,
  line3: nullableText,
  postcode: nullableText,
  city: nullableText,
  region: nullableText,
  country_code: nullableText,
  is_default_billing: Type.Boolean(),
  is_default_shipping: Type.Boolean(),
});

const LinkShape = Type.Object({
  chain: Type.Integer(),
  spaaza_user_id: nullableNumber,
  member_number: nullableText,
  is_programme_opted_in: Type.Boolean(),
  is_mailing_subscribed: Type.Boolean(),
  is_printed_mailing_subscribed: Type.Boolean(),
});

/** All that is known about one person. Members that the history tells of have the names that it uses. */
export const CustomerShape = Type.Object({
  id: Type.Integer(),
  email: Type.String(),
  given_name: Type.String(),
  family_name: Type.String(),
  salutation_id: nullableNumber,
  title_id: nullableNumber,
  language_id: nullableNumber,
  birthday: nullableText,
  gender_code: nullableNumber,
  gender_token: nullableText,
  phone: nullableText,
  mobile: nullableText,
  fax: nullableText,
  country_code: nullableText,
  level: Type.Integer(),
  category_id: nullableNumber,
  debtor_number: nullableNumber,
  has_voucher_payment: Type.Boolean(),
  has_collective_invoice_payment: Type.Boolean(),
  is_institution: Type.Boolean(),
  institution: nullableText,
  notes: nullableText,
  payment_mode_id: nullableNumber,
  price_target_audience_id: nullableNumber,
  foreign_id: nullableText,
  group_id: Type.Integer({ description: 'Customer group on the Magento wire' }),
  pool: nullableText,
  website: nullableText,
  store: nullableText,
  created_in: Type.String({ description: 'Name of the store when the customer was created' }),
  has_password: Type.Boolean(),
  unconfirmed_since: nullableMoment,
  created_at: moment,
  updated_at: moment,
  addresses: Type.Array(AddressShape),
  newsletter_groups: Type.Array(Type.Object({ id: Type.Integer(), name: nullableText })),
  links: Type.Array(LinkShape, { description: 'Ties to the loyalty platform, one per chain' }),
});

/** One change of one field. */
export const EntryShape = Type.Object({
  id: Type.Integer(),
  field: Type.String({ description: 'A member of the customer; address.… and link.<chain>.… are members of those' }),
  before: Type.Unknown({ description: 'Any JSON; null for none. Of a password only "set"' }),
  after: Type.Unknown(),
  origin: Type.String({
    description: 'Where the change came in: gomus, spaaza, pull, push, webhook, operator, import, system',
  }),
  actor: Type.String({ description: 'Who made it, such as "customer 402", "key 3 (spaaza)", "operator anna"' }),
  request_id: Type.String(),
  changed_at: moment,
});

export const CustomerAnswer = Type.Object(CustomerShape.properties, { examples: [customerExample] });

export const HistoryAnswer = Type.Object(
  {
    customer_id: Type.Integer(),
    erasure: Type.Unsafe<Static<typeof EntryShape> | null>({
      anyOf: [EntryShape, { type: 'null' }],
      description: 'When and by whom the account was erased; null while it lives',
    }),
    entries: Type.Array(EntryShape, { description: 'Newest first' }),
    next_cursor: textOrNull('For the entries that follow; null when these are the last'),
    last_writes: Type.Array(EntryShape, { description: 'The newest entry of each field' }),
  },
  {
    examples: [
      { customer_id: 39, erasure: null, entries: [entryExample], next_cursor: null, last_writes: [entryExample] },
    ],
  },
);

/** One statement of a person about a consent; source: `consent_records`. */
export const StatementShape = Type.Object({
  id: Type.Integer(),
  consent: Type.Unsafe<'newsletter' | 'programme' | 'mailing' | 'printed_mailing'>({
    type: 'string',
    enum: ['newsletter', 'programme', 'mailing', 'printed_mailing'],
    description:
      'newsletter is about a group; the others are about a chain: its programme, its mailings, those on paper',
  }),
  group: numberOrNull('Id of the newsletter group; null for the consents of a chain'),
  group_name: textOrNull('Its name today; null when there is no such group any more'),
  chain: numberOrNull('The chain; null for a newsletter'),
  is_given: Type.Boolean(),
  origin: Type.String({ description: 'Where it came in, as in the history' }),
  actor: Type.String({ description: 'Who stated it, as in the history' }),
  request_id: Type.String(),
  stated_at: moment,
});

export const ConsentsAnswer = Type.Object(
  {
    customer_id: Type.Integer(),
    standing: Type.Array(StatementShape, { description: 'The newest statement about each consent' }),
    statements: Type.Array(StatementShape, { description: 'All that was ever stated, newest first' }),
    next_cursor: textOrNull('For the statements that follow; null when these are the last'),
  },
  {
    examples: [{ customer_id: 39, standing: [statementExample], statements: [statementExample], next_cursor: null }],
  },
);

export const AsOfAnswer = Type.Object(
  {
    as_of: moment,
    customer: CustomerShape,
    uncertain_fields: Type.Array(Type.String(), {
      description: 'Fields of which the history does not tell for certain what they were',
    }),
    recorded_since: textOrNull(
      'Where the history begins, when that is after the moment asked for; null when it tells of the whole time',
    ),
    changes_since: Type.Integer({ description: 'How many field changes were taken back' }),
  },
  {
    examples: [
      {
        as_of: '2024-05-17T10:00:05.699Z',
        customer: { ...customerExample, mobile: null, updated_at: '2018-10-18T21:06:56.000Z' },
        uncertain_fields: [],
        recorded_since: null,
        changes_since: 1,
      },
    ],
  },
);

const cursor = Type.Optional(
  Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'next_cursor of the page before' }),
);
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 250, default: 50 }));

export const ReferenceParams = Type.Object({
  reference: Type.String({ description: 'Our id, else an e-mail, else a foreign id', examples: ['39'] }),
});

export const ConsentsQuery = Type.Object({
  cursor,
  limit,
});

export const HistoryQuery = Type.Object({
  field: Type.Optional(
    Type.String({
      description: 'Only this field; signed_in for the sign-ins, which are left out otherwise',
      examples: ['mobile'],
    }),
  ),
  cursor,
  limit,
});

export const AsOfQuery = Type.Object({
  time: Type.String({
    description:
      'ISO 8601. Without an offset it is a time in the zone of the instance; a date alone is the beginning of that day there',
    examples: ['2024-05-17T10:00:05.699Z'],
  }),
});
