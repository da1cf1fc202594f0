import { expect, it } from 'vitest';
import { describeOnServer } from '../server-under-test.ts';
import { type Answer, call, freshEmail, type Json, update, upsert } from './client.ts';
import { chainOnFirstOfTwoPools, chainOnSecondWebsite, oneChainTwoWebsites, twoChains } from './topologies.ts';

const person = () => ({ username: freshEmail(), first_name: 'Ada', last_name: 'Lovelace' });

describeOnServer(
  'the codes of website and store',
  (server) => {
    const create = (codes: object): Promise<Answer> => upsert(server, person(), { ...codes });
    const place = ({ website_id, store_id, created_in }: Json) => [website_id, store_id, created_in];

    it('say where a new customer goes', async () => {
      expect(place((await create({})).json)).toEqual([1, 1, 'Default Store View']);
      expect(place((await create({ website_code: 'outlet' })).json)).toEqual([2, 2, 'Outlet English']);
      expect(place((await create({ store_code: 'outlet_en' })).json)).toEqual([2, 2, 'Outlet English']);
      expect(place((await create({ store_code: 'default_nl' })).json)).toEqual([1, 3, 'Dutch']);
      expect(place((await create({ website_code: 'default', store_code: 'default_nl' })).json)).toEqual([
        1,
        3,
        'Dutch',
      ]);
      expect(place((await create({ store_code: null, website_code: null, spaaza_chain_id: 123 })).json)[0]).toBe(1);
    });

    it('may not contradict each other', async () => {
      const answer = await create({ website_code: 'outlet', store_code: 'default' });
      expect([answer.status, answer.text]).toEqual([
        400,
        '{"message":"The store view is not in the associated website."}',
      ]);
    });

    it('are compared exactly, and must be known, for somebody who is there as well', async () => {
      const known = person();
      await upsert(server, known);
      const website = "The website that was requested wasn't found. Verify the website and try again.";
      const store = "The store that was requested wasn't found. Verify the store and try again.";
      for (const code of ['Outlet', 'nosuch', ' outlet', '2', '', '__proto__']) {
        const wrongWebsite = await update(server, known, { website_code: code });
        expect([wrongWebsite.status, wrongWebsite.json.message]).toEqual([400, website]);
        const wrongStore = await update(server, known, { store_code: code });
        expect([wrongStore.status, wrongStore.json.message]).toEqual([400, store]);
      }
    });

    it('leave an existing customer where they are', async () => {
      const known = person();
      await upsert(server, known);
      const answer = await upsert(server, known, { website_code: 'outlet', store_code: 'outlet_en' });
      expect(place(answer.json)).toEqual([1, 1, 'Default Store View']);
    });
  },
  {},
  { topology: oneChainTwoWebsites },
);

describeOnServer(
  'the codes and the chain',
  (server) => {
    it('may not contradict each other', async () => {
      const chain = 'The given website is not configured for the given Chain Id.';
      const website = await upsert(server, person(), { spaaza_chain_id: 123, website_code: 'outlet' });
      expect([website.status, website.json]).toEqual([400, { message: chain }]);
      const store = await upsert(server, person(), { spaaza_chain_id: 123, store_code: 'outlet_en' });
      expect([store.status, store.json.message]).toEqual([400, 'The store view is not in the associated website.']);
      const right = { spaaza_chain_id: 456, website_code: 'outlet', store_code: 'outlet_en' };
      expect((await upsert(server, person(), right)).json.website_id).toBe(2);
      expect((await upsert(server, person(), { spaaza_chain_id: 456 })).json.website_id).toBe(2);
    });
  },
  {},
  { topology: twoChains },
);

describeOnServer(
  'in a house where one website of two has a chain',
  (server) => {
    it('a new customer goes there, and is seen from there by everyone', async () => {
      const fields = { ...person(), mailing_list_subscribed: true };
      const { json } = await upsert(server, fields);
      expect(json.website_id).toBe(2);
      for (const path of [`/user_info/${json.id}`, `/user_info_by_email/${fields.username}`]) {
        expect((await call(server, 'GET', path)).json.mailing_list_subscribed).toBe(true);
      }
    });

    it('a new customer may be put on the other website unless the chain is named', async () => {
      for (const codes of [{ website_code: 'default' }, { store_code: 'default' }]) {
        const fields = { ...person(), mailing_list_subscribed: true };
        const { json } = await upsert(server, fields, codes);
        expect(json.website_id).toBe(1);
        const answer = await call(server, 'GET', `/user_info_by_email/${fields.username}`);
        expect(answer.json.mailing_list_subscribed).toBe(true);
        expect((await upsert(server, person(), { ...codes, spaaza_chain_id: 123 })).status).toBe(400);
      }
    });

    it('a customer of the other website is seen through that chain too', async () => {
      await update(server, { username: 'roni_cost@example.com', mailing_list_subscribed: true });
      for (const path of [
        '/user_info/1',
        '/user_info_by_email/roni_cost@example.com',
        '/user_info_by_email/123/roni_cost@example.com',
      ]) {
        expect((await call(server, 'GET', path)).json.mailing_list_subscribed).toBe(true);
      }
    });
  },
  {},
  { topology: chainOnSecondWebsite },
);

describeOnServer(
  'in a house where the website without the chain has customers of its own',
  (server) => {
    it('nobody is put where the chain would not find them again', async () => {
      const { status, json } = await upsert(server, person(), { website_code: 'outlet' });
      expect([status, json.message]).toEqual([400, 'The given website is not configured for the given Chain Id.']);
    });
  },
  {},
  { topology: chainOnFirstOfTwoPools },
);
