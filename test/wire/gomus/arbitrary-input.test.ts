import fc from 'fast-check';
import { expect, it } from 'vitest';
import { statementsOf } from '../../fixtures.ts';
import { describeOnServer } from '../server-under-test.ts';
import { call, freshEmail, signUp } from './client.ts';

const ownFields = [
  'name',
  'surname',
  'email',
  'email_confirmation',
  'customer_salutation_id',
  'customer_title_id',
  'language_id',
  'tel',
  'mobile',
  'fax',
  'newsletter_groups',
  'wants_newsletter',
  'password',
  'password_confirmation',
  'current_password',
];
const partnerFields = ['foreign_id', 'category_id', 'notes'];

// Any JSON at all, and more often what is nearly right.
const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('a', '@', '.', '1', ',', ' ', '\u0000', '\ud800', 'ß', '🦇')),
});
const anyValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary' }),
  anyText,
  fc.constantFrom(null, '', 0, -1, 1, 8, 1e21, true, false, '1,8', [1, 8], ['8'], 'a@example.org', 'x'.repeat(5000)),
);
const fieldsAmong = (names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), anyValue, { minKeys: 1, maxKeys: 5 });
const runs = { numRuns: 60 };

describeOnServer('any JSON in any field', (server) => {
  it('changes an account wholly or not at all, and never is our fault', async () => {
    await fc.assert(
      fc.asyncProperty(fieldsAmong(ownFields), async (json) => {
        // Another each time: a changed password would narrow what the next run can reach, and wrong ones lock the session.
        const account = await signUp(server);
        const before = await stored(account.id);
        const answer = await call(server, 'PUT', '/auth', { headers: account.tokens, json });
        expect([200, 422]).toContain(answer.status);
        if (answer.status === 422) expect(await stored(account.id)).toEqual(before);
      }),
      runs,
    );
  });

  it('signs a customer up wholly or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(fieldsAmong(ownFields), fc.boolean(), async (fields, isNearlyRight) => {
        const count = await server.app.store.customers.countAll();
        const json = isNearlyRight ? { email: freshEmail(), password: 'nine lives', ...fields } : fields;
        const answer = await call(server, 'POST', '/auth', { json });
        expect([200, 422]).toContain(answer.status);
        expect(await server.app.store.customers.countAll()).toBe(answer.status === 200 ? count + 1 : count);
      }),
      runs,
    );
  });

  it('creates a customer for a partner wholly or not at all', async () => {
    const headers = { authorization: 'Bearer foyer-demo-key' };
    await fc.assert(
      fc.asyncProperty(fieldsAmong([...ownFields, ...partnerFields]), fc.boolean(), async (fields, isNearlyRight) => {
        const count = await server.app.store.customers.countAll();
        const right = { email: freshEmail(), name: 'Selina', surname: 'Kyle' };
        const json = { customer: isNearlyRight ? { ...right, ...fields } : fields };
        const answer = await call(server, 'POST', '/customers', { headers, json });
        expect([201, 422]).toContain(answer.status);
        expect(await server.app.store.customers.countAll()).toBe(answer.status === 201 ? count + 1 : count);
      }),
      runs,
    );
  });

  it('in place of the whole body is never our fault either', async () => {
    const { tokens } = await signUp(server);
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.constantFrom('sign_in', 'sign_out', 'password', ''), async (json, path) => {
        for (const method of ['POST', 'PUT', 'DELETE']) {
          const headers: Record<string, string> = method === 'DELETE' ? {} : tokens;
          const answer = await call(server, method, `/auth/${path}`, { headers, json });
          expect(answer.status).toBeGreaterThanOrEqual(400);
          expect(answer.status).toBeLessThan(500);
          expect(answer.json).toHaveProperty('error');
        }
      }),
      runs,
    );
  });

  async function stored(id: number): Promise<unknown> {
    const { store } = server.app;
    return [
      await store.customers.findById(id),
      await store.customers.findPasswordHash(id),
      await store.history.listByCustomer(id),
      await statementsOf(store, id),
    ];
  }
});
