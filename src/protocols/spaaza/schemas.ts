import { Type } from 'typebox';

const nullableText = Type.Unsafe<string | null>({ type: ['string', 'null'] });

/** The flat view that would be sent to the platform: 17 documented keys, those without a value left out. */
export const UserInfo = Type.Object(
  {
    first_name: Type.Optional(Type.String()),
    last_name: Type.Optional(Type.String()),
    birthday: Type.Optional(Type.String()),
    username: Type.String(),
    webshop_customer_id: Type.Integer(),
    gender: Type.Optional(Type.String()),
    printed_mailing_list_subscribed: Type.Boolean(),
    mailing_list_subscribed: Type.Boolean(),
    mailing_list_sub_offered: Type.Boolean(),
    programme_opted_in: Type.Boolean(),
    address_streetname: Type.Optional(Type.String()),
    address_housenumber: Type.Optional(Type.String()),
    address_housenumber_extension: Type.Optional(Type.String()),
    address_postalcode: Type.Optional(Type.String()),
    address_towncity: Type.Optional(Type.String()),
    country_code: Type.Optional(Type.String()),
    phone_number: Type.Optional(Type.String()),
  },
  {
    examples: [
      {
        first_name: 'Veronica',
        last_name: 'Costello',
        birthday: '1973-12-15',
        username: 'roni_cost@example.com',
        webshop_customer_id: 1,
        gender: 'F',
        printed_mailing_list_subscribed: false,
        mailing_list_subscribed: false,
        mailing_list_sub_offered: true,
        programme_opted_in: false,
        address_streetname: 'Test Street',
        address_housenumber: '8',
        address_housenumber_extension: '',
        address_postalcode: '49628-7978',
        address_towncity: 'Amsterdam',
        country_code: 'NL',
        phone_number: '010 123 45 67',
      },
    ],
  },
);

const Region = Type.Object({ region_code: nullableText, region: nullableText, region_id: Type.Integer() });

const Address = Type.Object({
  id: Type.Integer(),
  customer_id: Type.Integer(),
  region: Region,
  region_id: Type.Integer(),
  country_id: Type.Optional(Type.String()),
  street: Type.Array(Type.String()),
  telephone: Type.Optional(Type.String()),
  postcode: Type.Optional(Type.String()),
  city: Type.Optional(Type.String()),
  firstname: Type.String(),
  lastname: Type.String(),
  default_shipping: Type.Optional(Type.Boolean()),
  default_billing: Type.Optional(Type.Boolean()),
});

const SpaazaData = Type.Object({
  customer_id: Type.Integer(),
  user_id: Type.Optional(Type.Integer()),
  member_number: Type.Optional(Type.String()),
  programme_opted_in: Type.Boolean(),
  mailing_list_subscribed: Type.Boolean(),
  printed_mailing_list_subscribed: Type.Boolean(),
  last_hash: Type.Optional(Type.String()),
});

/** A Magento customer: member order and omissions as in magento-webapi 6. */
export const MagentoCustomer = Type.Object({
  id: Type.Integer(),
  group_id: Type.Integer(),
  default_billing: Type.Optional(Type.String()),
  default_shipping: Type.Optional(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  created_in: Type.String(),
  dob: Type.Optional(Type.String()),
  email: Type.String(),
  firstname: Type.String(),
  lastname: Type.String(),
  gender: Type.Optional(Type.Integer()),
  store_id: Type.Integer(),
  website_id: Type.Integer(),
  addresses: Type.Array(Address),
  disable_auto_group_change: Type.Integer(),
  extension_attributes: Type.Object({ is_subscribed: Type.Boolean(), spaaza_data: SpaazaData }),
});

/** Five members, always all of them: a refused password is a result, not an error (decisions, Spaaza 2). */
export const AuthenticateResult = Type.Object(
  {
    authenticated: Type.Boolean(),
    customer_id: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
    message: nullableText,
    website_code: nullableText,
    store_code: nullableText,
  },
  {
    examples: [{ authenticated: true, customer_id: 39, message: null, website_code: 'default', store_code: 'default' }],
  },
);

export const WebapiRefusal = Type.Object(
  { message: Type.String(), parameters: Type.Optional(Type.Unknown()), errors: Type.Optional(Type.Unknown()) },
  { additionalProperties: true },
);

export const AuthenticateBody = Type.Object(
  {
    email: Type.String(),
    password: Type.String(),
    spaaza_chain_id: Type.Optional(Type.Integer({ description: 'Required when several chains are configured' })),
  },
  { examples: [{ email: 'info@spaaza.com', password: 'ThisIsEasyToGuess', spaaza_chain_id: 123 }] },
);

export const UpdateBody = Type.Object(
  {
    user_info: Type.Unsafe<unknown>({
      type: 'object',
      additionalProperties: true,
      description:
        'As returned by get-user. Identified by user_id or member_number, then username, then authentication_point_identifier',
    }),
    create_if_not_exists: Type.Optional(Type.Boolean({ default: false })),
    spaaza_chain_id: Type.Optional(Type.Integer()),
    website_code: Type.Optional(Type.String({ description: 'Website of a new customer' })),
    store_code: Type.Optional(Type.String({ description: 'Store of a new customer' })),
  },
  {
    examples: [
      {
        user_info: { user_id: 3362356, username: 'info@spaaza.com', first_name: 'John', last_name: 'Doe' },
        create_if_not_exists: true,
        spaaza_chain_id: 123,
      },
    ],
  },
);

export const FieldsQuery = Type.Object({
  fields: Type.Optional(Type.String({ description: 'Partial answer, for example `email,addresses[city]`' })),
});

export const WebhookParams = Type.Object({ chainId: Type.Integer({ description: 'The chain that the event is of' }) });

export const WebhookEvent = Type.Object(
  {
    id: Type.String({ description: '`user` and the platform’s id of the person' }),
    type: Type.String(),
    chain_id: Type.Integer(),
    created: Type.String(),
    data: Type.Unsafe<unknown>({
      type: 'object',
      additionalProperties: true,
      description: 'The person as returned by get-user; `member_number` is `{code, type}`',
    }),
  },
  {
    examples: [
      {
        id: 'user3362356',
        type: 'shopper.altered',
        chain_id: 123,
        created: '2026-03-04T05:06:07+00:00',
        data: {
          user_id: 3362356,
          username: 'info@spaaza.com',
          member_number: { code: '1002023', type: 'custom' },
          mailing_list: { mailing_list_subscribed: false },
        },
      },
    ],
  },
);

export const WebhookAccepted = Type.Object({
  status: Type.Unsafe<'accepted' | 'duplicate'>({ type: 'string', enum: ['accepted', 'duplicate'] }),
});
