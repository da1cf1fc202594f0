import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import { demoTopology, seedDemo } from '../../src/demo.ts';
import { databaseKinds, type FreshDatabase, freshDatabaseUrl } from '../dialects.ts';
import { newCustomer } from '../fixtures.ts';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();

describe.each(databaseKinds)('foyer customer show on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;
  const show = (reference: string) => foyer.run(['customer', 'show', reference], env);

  beforeAll(async () => {
    database = await freshDatabaseUrl(kind);
    env = { FOYER_DATABASE_URL: database.url };
    const { accounts, deps, store } = composeAccounts({ config: loadConfig(env, 'tool') });
    await store.migrate();
    const friends = { ...demoTopology.websites[0]!, id: 2, code: 'friends', poolId: 2, chainId: null };
    const friendsShop = {
      ...demoTopology.shops[0]!,
      id: 2,
      code: 'friends',
      websiteId: 2,
      hosts: [],
      isDefault: false,
    };
    const wanted = {
      ...demoTopology,
      pools: [...demoTopology.pools, { id: 2, code: 'friends' }],
      websites: [...demoTopology.websites, friends],
      shops: [...demoTopology.shops, friendsShop],
    };
    await accounts.applyTopology({ wanted, isDryRun: false });
    await seedDemo(store, deps);
    await store.transaction(async (tx) => {
      const place = { poolId: 2, websiteId: 2, storeId: 2 };
      await tx.customers.insert(newCustomer({ ...place, id: 501, email: 'roni_cost@example.com' }));
      await tx.customers.insert(newCustomer({ ...place, id: 502, email: 'ada@example.org', foreignId: 'crm@7' }));
      await tx.customers.insert(
        newCustomer({
          ...place,
          id: 503,
          foreignId: '402',
          givenName: 'Mal\u001b[31mlory',
          unconfirmedSince: '2024-05-17T10:00:00.000Z',
        }),
      );
    });
    await store.close();
  });
  afterAll(() => database.drop());

  it('shows profile, address and link of a customer by id, in aligned lines', async () => {
    const { code, stdout, stderr } = await show('39');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Customer 39\n {2}name {11}John Doe\n {2}e-mail {9}info@spaaza\.com\n/);
    expect(stdout).toMatch(/^ {2}address 8 +Dorpstraat 1, 1000AA Amsterdam, NL \(billing, shipping\)$/m);
    expect(stdout).toMatch(
      /^ {2}chain 123 +Spaaza user 3362356, member 99102352, programme off, mailing on, printed mailing off$/m,
    );
    expect(stdout).toMatch(/^ {2}can sign in +yes$/m);
  });

  it('finds a customer by e-mail in any case and by foreign id, and names the groups', async () => {
    const { stdout } = await show('Shop-Customer@GiantMonkey.de');
    expect(stdout).toMatch(/^Customer 402\n/);
    expect(stdout).toMatch(/^ {2}newsletter 8 +Night at the museum$/m);
    expect((await show('crm@7')).stdout).toMatch(/^Customer 502\n/);
    expect((await show('ada@example.org')).stdout).toMatch(/^Customer 502\n/);
  });

  it('prefers an id to an equal foreign id', async () => {
    expect((await show('402')).stdout).toMatch(/Bruce Wayne/);
  });

  it('finds by e-mail for operators only: a partner could ask who is a customer', async () => {
    const { accounts, store } = composeAccounts({ config: loadConfig(env, 'tool') });
    try {
      await accounts.directory.refresh();
      const actor = { kind: 'partner', keyId: 1, name: 'shop', scopes: ['customer_read'], websiteId: null } as const;
      const lookUp = (reference: string) =>
        accounts.getCustomer({ reference }, { actor, origin: 'gomus', requestId: 'test-request' });
      await expect(lookUp('ada@example.org')).rejects.toMatchObject({ code: 'customer_not_found' });
      expect((await lookUp('crm@7')).customer.id).toBe(502);
    } finally {
      await store.close();
    }
  });

  it('asks for the id when several pools know the e-mail', async () => {
    const { code, stderr } = await show('roni_cost@example.com');
    expect(code).toBe(1);
    expect(stderr).toContain('several customers have this e-mail; name one by its id: 1, 501');
    expect((await show('501')).stdout).toContain('website friends, store friends, pool friends');
  });

  it.each(['999', 'nobody@example.org', 'nothing', '', '-0'])('ends with exit code 4 for %j', async (reference) => {
    const { code, stdout, stderr } = await foyer.run(['customer', 'show', '--', reference], env);
    expect([code, stdout, stderr]).toEqual([4, '', 'foyer: There is no such customer.\n']);
  });

  it('gives the same as JSON, without a hash or token', async () => {
    const { document } = await foyer.json(['customer', 'show', '39'], env);
    expect(document).toMatchObject({
      id: 39,
      given_name: 'John',
      website: 'default',
      has_password: true,
      addresses: [{ id: 8, house_number: '1', is_default_billing: true }],
      newsletter_groups: [],
      links: [{ chain: 123, spaaza_user_id: 3362356, is_mailing_subscribed: true }],
    });
    const text = JSON.stringify(document).replace('gender_token', '');
    expect(text).not.toMatch(/hash|token|digest|deadf385f4407f78|argon2/i);
    expect((await foyer.json(['customer', 'show', '999'], env)).document).toMatchObject({
      error: { code: 'customer_not_found' },
    });
  });

  it('does not let a name steer the terminal, and says why somebody cannot sign in', async () => {
    const { stdout } = await show('503');
    expect(stdout).toContain('Mal\\u{1b}[31mlory Hopper');
    expect(stdout).toMatch(/^ {2}can sign in +no: unconfirmed since 2024-05-17 10:00:00 UTC$/m);
  });
});
