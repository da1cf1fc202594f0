import { Type } from 'typebox';

// JSON Schema's type list serialises faster than a union, which the generated code would have to try one by one.
const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });
const nullableNumber = Type.Unsafe<number | null>({ type: ['integer', 'null'] });

/** The one customer shape of the wire: the documented 26 keys in the documented order (decisions, go~mus 3). */
export const CustomerShape = Type.Object(
  {
    category_id: nullableNumber,
    created_at: Type.String(),
    customer_salutation_id: nullableNumber,
    customer_title_id: nullableNumber,
    debitor_number: nullableNumber,
    email: Type.String(),
    fax: nullableText,
    has_collective_invoice_payment: Type.Boolean(),
    has_voucher_payment: Type.Boolean(),
    id: nullableNumber,
    institution: nullableText,
    is_institution: Type.Boolean(),
    language_id: nullableNumber,
    level: Type.Integer(),
    mobile: nullableText,
    name: Type.String(),
    notes: nullableText,
    payment_mode_id: nullableNumber,
    price_target_audience_id: nullableNumber,
    provider: Type.String(),
    surname: Type.String(),
    tel: nullableText,
    updated_at: Type.String(),
    newsletter_groups: Type.String({ description: 'Ids of the groups joined, comma-separated, in descending order' }),
    wants_newsletter: Type.Boolean(),
    salutation: nullableText,
  },
  {
    examples: [
      {
        category_id: null,
        created_at: '2020-05-12T11:51:26+02:00',
        customer_salutation_id: 1,
        customer_title_id: null,
        debitor_number: 10003,
        email: 'shop-customer@giantmonkey.de',
        fax: null,
        has_collective_invoice_payment: false,
        has_voucher_payment: false,
        id: 402,
        institution: null,
        is_institution: false,
        language_id: 1,
        level: 20,
        mobile: '',
        name: 'Bruce',
        notes: null,
        payment_mode_id: null,
        price_target_audience_id: 1,
        provider: 'email',
        surname: 'Wayne',
        tel: null,
        updated_at: '2021-06-07T13:13:54+02:00',
        newsletter_groups: '8,1',
        wants_newsletter: true,
        salutation: 'Herr',
      },
    ],
  },
);

export const DataAnswer = Type.Object({ data: CustomerShape });
export const StatusAnswer = Type.Object({ status: Type.Literal('success'), data: CustomerShape });
export const ValidAnswer = Type.Object({ success: Type.Boolean(), data: CustomerShape });
export const PasswordAnswer = Type.Object({ success: Type.Boolean(), data: CustomerShape, message: Type.String() });
export const DestroyedAnswer = Type.Object({ status: Type.String(), message: Type.String() });
export const SuccessAnswer = Type.Object({ success: Type.Boolean() });
export const CustomerAnswer = Type.Object({ customer: CustomerShape });

const Meta = Type.Object({ total_count: Type.Integer(), page: Type.Integer(), per_page: Type.Integer() });
export const CustomersAnswer = Type.Object({ customers: Type.Array(CustomerShape), meta: Meta });
export const SalutationsAnswer = Type.Object({
  salutations: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String(), salutation: Type.String() })),
  meta: Meta,
});
export const TitlesAnswer = Type.Object({
  titles: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String(), title: Type.String() })),
  meta: Meta,
});
export const VersionAnswer = Type.Object({
  version: Type.Object({
    system: Type.String(),
    api: Type.String(),
    release: Type.String(),
    time: Type.String(),
    zone: Type.String(),
    currency: Type.String(),
    per_page: Type.Integer(),
  }),
});
export const WhoamiAnswer = Type.Object({ access: Type.String(), museums: Type.Optional(Type.Array(Type.Integer())) });
export const LocalesAnswer = Type.Object({ locales: Type.Array(Type.String()) });

/** Every refusal carries both: one sentence, and a list or a map of them (decisions, go~mus 5). */
const refusal = (error: string, errors: unknown = [error]) =>
  Type.Object(
    { error: Type.String(), errors: Type.Unknown() },
    { additionalProperties: true, examples: [{ error, errors }] },
  );

/** The refusals by status, each with an example of its own. */
export const Refusal = {
  401: refusal('Invalid login credentials. Please try again.'),
  403: refusal('The API endpoint requested is for administrators only.'),
  404: refusal('The specified record could not be found.'),
  405: refusal('Use POST /sign_in to sign in. GET is not supported.'),
  422: refusal('Email has already been taken', {
    email: ['has already been taken'],
    full_messages: ['Email has already been taken'],
  }),
  429: refusal("You're requesting too much. Please slow down."),
  503: refusal('The service is very busy at the moment. Please try again in a few seconds.'),
} as const;

// Request shapes below document the wire; reading them is done by hand, because the wire coerces (decisions, both wires 3).
export const SignInBody = Type.Object(
  { email: Type.String(), password: Type.String() },
  { examples: [{ email: 'shop-customer@giantmonkey.de', password: 'meowmeowmeow' }] },
);

const profileFields = {
  name: Type.Optional(Type.String()),
  surname: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  customer_salutation_id: Type.Optional(nullableNumber),
  customer_title_id: Type.Optional(nullableNumber),
  language_id: Type.Optional(nullableNumber),
  tel: Type.Optional(nullableText),
  mobile: Type.Optional(nullableText),
  fax: Type.Optional(nullableText),
  newsletter_groups: Type.Optional(
    Type.Unsafe<unknown>({ description: 'Text "1,8", a number or an array; "" leaves all' }),
  ),
  wants_newsletter: Type.Optional(Type.Boolean()),
};
const credentialFields = {
  email_confirmation: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  password_confirmation: Type.Optional(Type.String()),
};

export const SignUpBody = Type.Object(
  { ...profileFields, ...credentialFields },
  { examples: [{ email: 'selina@example.com', password: 'nine lives', name: 'Selina', surname: 'Kyle' }] },
);
export const UpdateBody = Type.Object(
  {
    ...profileFields,
    ...credentialFields,
    current_password: Type.Optional(Type.String()),
  },
  { examples: [{ newsletter_groups: '1,8' }] },
);
export const PasswordBody = Type.Object(
  { password: Type.String(), password_confirmation: Type.String(), current_password: Type.Optional(Type.String()) },
  { examples: [{ current_password: 'meowmeowmeow', password: 'purrpurrpurr', password_confirmation: 'purrpurrpurr' }] },
);
export const CustomerBody = Type.Object(
  {
    customer: Type.Object({
      ...profileFields,
      foreign_id: Type.Optional(nullableText),
      category_id: Type.Optional(nullableNumber),
      notes: Type.Optional(nullableText),
    }),
  },
  { examples: [{ customer: { name: 'Selina', surname: 'Kyle', email: 'selina@example.com', foreign_id: 'crm-7' } }] },
);
export const LocaleQuery = Type.Object({ locale: Type.Optional(Type.String({ examples: ['de'] })) });
/** Of a list that does not change: it has no search, and its pages are short. */
export const LookupQuery = Type.Object({
  locale: Type.Optional(Type.String({ examples: ['de'] })),
  page: Type.Optional(Type.Integer({ default: 1 })),
  per_page: Type.Optional(Type.Integer({ default: 25, maximum: 25 })),
});
export const ListQuery = Type.Object({
  locale: Type.Optional(Type.String()),
  q: Type.Optional(
    Type.String({ description: 'Each of its words is how a word of name, e-mail or foreign id begins' }),
  ),
  page: Type.Optional(Type.Integer({ default: 1 })),
  per_page: Type.Optional(Type.Integer({ default: 25, maximum: 100 })),
});
/** The token headers, and the store the client belongs to. */
export const TokenHeaders = Type.Object({
  'access-token': Type.Optional(Type.String()),
  client: Type.Optional(Type.String()),
  uid: Type.Optional(Type.String()),
  'token-type': Type.Optional(Type.String({ examples: ['Bearer'] })),
  'x-shop-url': Type.Optional(Type.String({ examples: ['demo-shop.gomus.de'] })),
});
export const ShopHeaders = Type.Object({
  'x-shop-url': Type.Optional(Type.String({ examples: ['demo-shop.gomus.de'] })),
});
