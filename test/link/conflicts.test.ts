import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Origin, RequestContext } from '../../src/accounts/access.ts';
import { applyLoyaltyUpdate, type LoyaltyUpdate } from '../../src/accounts/apply-loyalty-update.ts';
import { heardSoFar } from '../../src/accounts/loyalty-agreement.ts';
import { digestOf, outboundView } from '../../src/accounts/loyalty-link.ts';
import { describeOnBothDatabases } from '../dialects.ts';
import { at, someEmail, updateById } from '../fixtures.ts';
import { chainId, type House, openHouse, operator, platformContext, updateOf } from '../jobs/house.ts';

const from = (origin: Origin): RequestContext => ({ actor: { kind: 'system' }, origin, requestId: `r-${origin}` });

let lastUserId = 6_000_000_000;

describeOnBothDatabases('what the platform says of a customer who was changed here as well', (database) => {
  let house: House;
  let isOn = true;

  beforeEach(async () => {
    isOn = true;
    house = await openHouse(database.url, () => isOn);
  });
  afterEach(() => house.close());

  /** A customer whom both sides agree about, as they are at second 0. */
  const agreed = async (overrides: Partial<LoyaltyUpdate> = {}) => {
    lastUserId += 1;
    const userId = lastUserId;
    const email = someEmail();
    house.setClock(0);
    const { profile } = await house.accounts.applyLoyaltyUpdate(
      updateOf({
        identifiers: { userId },
        changes: { email, givenName: 'Ada', familyName: 'Lovelace', phone: '1', birthday: '1990-12-10' },
        address: { street: 'Dorpstraat', houseNumber: '1', houseNumberExtension: '', city: 'Ede', countryCode: 'NL' },
        consents: { isMailingSubscribed: true },
        createIfMissing: true,
        lastModifiedAt: at(0),
        ...overrides,
      }),
      platformContext,
    );
    return { id: profile.customer.id, userId, email };
  };
  const says = (userId: number, said: Partial<LoyaltyUpdate>, origin: Origin = 'webhook') =>
    house.accounts.applyLoyaltyUpdate(updateOf({ identifiers: { userId }, ...said }), from(origin));
  const profileOf = async (id: number) => (await house.deps.store.customers.findLoyaltyProfile(id, chainId))!;
  const decisions = async (id: number) =>
    (await house.deps.store.history.listByCustomer(id)).filter(({ field }) => field.startsWith('conflict.'));
  /** Whether something is to be sent, and the fields that differ. */
  const apart = async (id: number) => {
    const profile = await profileOf(id);
    const [ours, theirs] = [outboundView(profile), (await house.deps.store.links.findAgreement(id, chainId))!.view!];
    expect(digestOf(theirs).agreedDigest).toBe(profile.link.agreedDigest);
    const names = Object.keys({ ...ours, ...theirs }) as (keyof typeof ours)[];
    return names.filter((name) => (ours[name] ?? '') !== (theirs[name] ?? ''));
  };

  it.each(['spaaza', 'pull', 'webhook'] as const)('is merged with it, whichever way it comes: %s', async (origin) => {
    const { id, userId } = await agreed();
    house.setClock(10);
    await house.change(id, { phone: '2' });
    const { outcome } = await says(userId, { changes: { phone: '1', birthday: null }, lastModifiedAt: at(5) }, origin);
    expect(outcome).toBe('applied');
    expect((await profileOf(id)).customer).toMatchObject({ phone: '2', birthday: null });
    expect(await decisions(id)).toEqual([]);
    expect(await apart(id)).toEqual(['phone']);
  });

  it('decides for the later change, and the history tells how', async () => {
    const { id, userId } = await agreed();
    house.setClock(10);
    await house.change(id, { phone: '2', givenName: 'Augusta' });
    house.setClock(30);
    const said = { changes: { phone: '3', givenName: 'Adah' }, address: { city: 'Delft' }, lastModifiedAt: at(20) };
    await says(userId, said);
    house.setClock(40);
    await house.change(id, { phone: '4' });
    await says(userId, { changes: { phone: '5' }, lastModifiedAt: at(35) });
    const { customer, addresses } = await profileOf(id);
    expect([customer.phone, customer.givenName, addresses[0]?.city]).toEqual(['4', 'Adah', 'Delft']);
    expect(await apart(id)).toEqual(['phone']);
    expect(await decisions(id)).toMatchObject([
      {
        field: 'conflict.123.givenName',
        before: { agreed: 'Ada', ours: 'Augusta', theirs: 'Adah' },
        after: 'theirs',
        origin: 'webhook',
        changedAt: at(30),
      },
      { field: 'conflict.123.phone', before: { agreed: '1', ours: '2', theirs: '3' }, after: 'theirs' },
      { field: 'conflict.123.phone', before: { agreed: '3', ours: '4', theirs: '5' }, after: 'ours' },
    ]);
    const asked = { reference: String(id), field: 'conflict.123.phone', limit: 5 };
    const { entries } = await house.accounts.getCustomerHistory(asked, operator);
    expect(entries.map(({ after }) => after)).toEqual(['ours', 'theirs']);
  });

  it('leaves no mark on the record when it decides for ours, and rebuilding passes over the decision', async () => {
    const { id, userId } = await agreed();
    house.setClock(10);
    await house.change(id, { phone: '2' });
    house.setClock(30);
    await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(5) });
    expect((await profileOf(id)).customer.updatedAt).toBe(at(10));
    expect(await decisions(id)).toHaveLength(1);
    for (const [moment, phone] of [
      [at(5), '1'],
      [at(20), '2'],
      [at(30), '2'],
    ] as const) {
      const then = await house.accounts.getCustomerAsOf({ reference: String(id), asOf: moment }, operator);
      expect(then).toMatchObject({ uncertainFields: [], details: { customer: { phone } } });
    }
  });

  it('keeps the e-mail that the customer signs in with', async () => {
    const { id, userId } = await agreed();
    const [here, there] = [someEmail(), someEmail()];
    house.setClock(10);
    await house.change(id, { email: here });
    await says(userId, { changes: { email: there }, lastModifiedAt: at(20) });
    expect((await profileOf(id)).customer.email).toBe(here);
    expect(await decisions(id)).toMatchObject([{ field: 'conflict.123.email', after: 'ours' }]);
    expect(await apart(id)).toEqual(['email']);
  });

  it('takes a new e-mail from there, but not one that is another customer’s', async () => {
    const [one, other] = [await agreed(), await agreed()];
    const renamed = someEmail();
    const said = { changes: { email: renamed.toUpperCase(), phone: '2' }, lastModifiedAt: at(10) };
    await says(one.userId, said);
    expect((await profileOf(one.id)).customer.email).toBe(renamed.toUpperCase());
    const taken = { changes: { email: other.email, phone: '3' }, lastModifiedAt: at(20) };
    await expect(says(one.userId, taken, 'spaaza')).rejects.toMatchObject({ code: 'validation_failed' });
    const { leftOut } = await says(one.userId, taken);
    expect(leftOut).toEqual([{ field: 'email', rule: 'taken' }]);
    expect((await profileOf(one.id)).customer).toMatchObject({ email: renamed.toUpperCase(), phone: '3' });
    expect(await decisions(one.id)).toMatchObject([{ field: 'conflict.123.email', after: 'ours' }]);
  });

  it('lets no older yes replace a no that was said here', async () => {
    const { id, userId } = await agreed({ consents: { isMailingSubscribed: false } });
    const { store } = house.deps;
    // Said here twice: yes, and then no again.
    for (const [second, isMailingSubscribed] of [
      [10, true],
      [20, false],
    ] as const) {
      await store.transaction(async (tx) => {
        await tx.links.save({ ...(await profileOf(id)).link, isMailingSubscribed });
        const before = !isMailingSubscribed;
        const row = { customerId: id, field: 'link.123.isMailingSubscribed', before, after: isMailingSubscribed };
        await tx.history.append([{ ...row, origin: 'gomus', actor: 'x', requestId: 'r', changedAt: at(second) }]);
      });
    }
    house.setClock(60);
    await says(userId, { consents: { isMailingSubscribed: true }, lastModifiedAt: at(15) });
    expect((await profileOf(id)).link.isMailingSubscribed).toBe(false);
    expect(await decisions(id)).toMatchObject([
      {
        field: 'conflict.123.isMailingSubscribed',
        before: { agreed: false, ours: false, theirs: true },
        after: 'ours',
      },
    ]);
    expect(await apart(id)).toEqual(['isMailingSubscribed']);
    expect((await store.outbox.list(1_000)).at(-1)?.event).toMatchObject({
      customerId: id,
      fields: ['conflict.123.isMailingSubscribed'],
    });
    await says(userId, { consents: { isMailingSubscribed: false }, lastModifiedAt: at(30) });
    await says(userId, { consents: { isMailingSubscribed: true }, lastModifiedAt: at(40) });
    expect((await profileOf(id)).link.isMailingSubscribed).toBe(true);
  });

  it('does not take a no that was fetched for a word of ours', async () => {
    const { id, userId } = await agreed();
    house.setClock(50);
    await says(userId, { consents: { isMailingSubscribed: false }, lastModifiedAt: at(10) }, 'pull');
    await says(userId, { consents: { isMailingSubscribed: true }, lastModifiedAt: at(20) });
    expect((await profileOf(id)).link.isMailingSubscribed).toBe(true);
  });

  it('is passed over when it is older than what was said before', async () => {
    const { id, userId } = await agreed();
    await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(30) });
    for (const origin of ['webhook', 'pull', 'spaaza'] as const) {
      const late = await says(userId, { changes: { phone: '2', birthday: null }, lastModifiedAt: at(20) }, origin);
      expect(late).toMatchObject({
        outcome: 'outdated',
        profile: { customer: { phone: '3', birthday: '1990-12-10' } },
      });
    }
    expect(await apart(id)).toEqual([]);
    expect((await says(userId, { changes: { phone: '4' }, lastModifiedAt: at(31) })).outcome).toBe('applied');
  });

  it('leads to a question when a notice is as old as what was said before, and different', async () => {
    const { id, userId } = await agreed();
    const { links } = house.deps.store;
    await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(30) });
    expect((await links.findAgreement(id, chainId))?.syncedAt).toBe(at(0));
    expect((await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(30) })).outcome).toBe('applied');
    expect((await says(userId, { changes: { phone: '2' }, lastModifiedAt: at(30) })).outcome).toBe('unsure');
    expect((await profileOf(id)).customer.phone).toBe('3');
    expect((await links.findAgreement(id, chainId))?.syncedAt).toBeNull();
    // The answer to the question is what counts.
    expect((await says(userId, { changes: { phone: '2' }, lastModifiedAt: at(30) }, 'pull')).outcome).toBe('applied');
    expect((await profileOf(id)).customer.phone).toBe('2');
  });

  it('does not make everything later look old when its clock is wrong', async () => {
    const { id, userId } = await agreed();
    house.setClock(10);
    await says(userId, { changes: { phone: '2' }, lastModifiedAt: '2999-01-01T00:00:00.000Z' });
    await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(9) });
    expect((await profileOf(id)).customer.phone).toBe('3');
  });

  it('is taken over as far as it can be, when nobody waits for a refusal', async () => {
    const { id, userId } = await agreed();
    const said = {
      changes: { givenName: '<>', birthday: '2999-01-01', phone: '2' },
      consents: { isMailingSubscribed: false },
      problems: [{ field: 'country_code', rule: 'unknown' as const }],
    };
    await expect(says(userId, said, 'spaaza')).rejects.toMatchObject({ code: 'validation_failed' });
    const { leftOut } = await says(userId, said);
    expect(leftOut.map(({ field, rule }) => `${field}: ${rule}`)).toEqual([
      'country_code: unknown',
      'givenName: invalid',
      'birthday: in_future',
    ]);
    const { customer, link } = await profileOf(id);
    expect(customer).toMatchObject({ givenName: 'Ada', birthday: '1990-12-10', phone: '2' });
    expect(link.isMailingSubscribed).toBe(false);
    expect(await apart(id)).toEqual([]);
  });

  it('is about who has the e-mail when it is written', async () => {
    const { store } = house.deps;
    const email = someEmail();
    const [former, present] = [await house.create({ email }), await house.create()];
    const transaction: typeof store.transaction = async (work) => {
      await store.transaction(async ({ customers }) => {
        await updateById(customers, former, { email: someEmail() }, at(1));
        await updateById(customers, present, { email }, at(1));
      });
      return store.transaction(work);
    };
    const deps = { ...house.deps, store: { ...store, transaction } };
    const said = updateOf({ identifiers: { username: email }, changes: { phone: '7' } });
    await applyLoyaltyUpdate(deps, said, platformContext);
    expect((await profileOf(present)).customer.phone).toBe('7');
    expect((await profileOf(former)).customer.phone).toBeNull();
  });

  it('changes nobody when it cannot be read whom it is about', async () => {
    const { id, email } = await agreed();
    const problems = [{ field: 'user_id', rule: 'invalid' as const }];
    const said = says(0, { identifiers: { username: email }, changes: { phone: '2' }, problems });
    await expect(said).rejects.toMatchObject({ code: 'validation_failed' });
    expect((await profileOf(id)).customer.phone).toBe('1');
  });

  describe('and of whom nothing was agreed yet', () => {
    const stranger = async () => {
      lastUserId += 1;
      const id = await house.create({ phone: '1', givenName: 'Grace' });
      return { id, said: { identifiers: { userId: lastUserId, customerId: id } } };
    };

    it('takes nothing away by having nothing, and the rest by its time', async () => {
      const { id, said } = await stranger();
      house.setClock(50);
      const changes = { phone: null, birthday: '1906-12-09', givenName: 'Gracie' };
      await says(0, { ...said, changes, lastModifiedAt: at(-20) });
      expect((await profileOf(id)).customer).toMatchObject({ phone: '1', birthday: '1906-12-09', givenName: 'Grace' });
      expect(await decisions(id)).toMatchObject([
        { field: 'conflict.123.givenName', before: { agreed: null, ours: 'Grace', theirs: 'Gracie' }, after: 'ours' },
      ]);
      expect(await apart(id)).toEqual(expect.arrayContaining(['phone', 'givenName', 'familyName', 'email']));
    });

    it('is taken at its word by the update endpoint, as documented', async () => {
      const { id, said } = await stranger();
      await says(0, { ...said, changes: { phone: null, givenName: 'Gracie' }, lastModifiedAt: at(-20) }, 'spaaza');
      expect((await profileOf(id)).customer).toMatchObject({ phone: null, givenName: 'Gracie' });
      expect(await decisions(id)).toEqual([]);
    });

    it('is to be told what it did not speak of', async () => {
      const { id, said } = await stranger();
      await says(0, { ...said, changes: { phone: '1' } }, 'spaaza');
      expect(await apart(id)).toEqual(expect.arrayContaining(['givenName', 'familyName', 'email']));
      expect((await house.deps.store.outbox.list(1_000)).at(-1)?.event).toMatchObject({ customerId: id });
      const before = await house.deps.store.outbox.list(1_000);
      // Only once: what waits needs no second order.
      await says(0, { ...said, changes: { phone: '1' } }, 'spaaza');
      expect(await house.deps.store.outbox.list(1_000)).toEqual(before);
    });
  });

  describe('and who is tied to another person over there', () => {
    it('has agreed on nothing with that one, and is told them whatever the former one had said', async () => {
      const { id, email } = await agreed();
      lastUserId += 1;
      const identifiers = { userId: lastUserId, memberNumber: 'M2', username: email };
      const { outcome } = await says(0, { identifiers, lastModifiedAt: at(-50) }, 'spaaza');
      expect(outcome).toBe('applied');
      const { customer, link } = await profileOf(id);
      expect(link).toMatchObject({ spaazaUserId: lastUserId, memberNumber: 'M2', isMailingSubscribed: true });
      expect(customer.phone).toBe('1');
      expect(await apart(id)).toEqual(expect.arrayContaining(['phone', 'birthday', 'isMailingSubscribed']));
      expect((await house.deps.store.outbox.list(1_000)).at(-1)?.event).toMatchObject({ customerId: id });
      // What the new person does not have takes nothing away.
      const nothing = { changes: { phone: null, birthday: null }, consents: { isMailingSubscribed: false } };
      await says(lastUserId, { ...nothing, lastModifiedAt: at(-40) }, 'pull');
      expect(await profileOf(id)).toMatchObject({
        customer: { phone: '1', birthday: '1990-12-10' },
        link: { isMailingSubscribed: true },
      });
    });

    it('is not judged by when the former one last spoke', async () => {
      const { email, userId } = await agreed();
      house.setClock(60);
      await says(userId, { lastModifiedAt: at(30) });
      lastUserId += 1;
      await says(lastUserId, { identifiers: { userId: lastUserId, username: email } }, 'spaaza');
      expect((await says(lastUserId, { lastModifiedAt: at(20) })).outcome).toBe('applied');
    });

    it('keeps the tie when somebody else is erased there, who has the e-mail', async () => {
      const { id, email, userId } = await agreed();
      const erased = { identifiers: { userId: 999, username: email }, isErasure: true };
      for (const origin of ['spaaza', 'webhook'] as const) {
        await expect(says(0, erased, origin)).rejects.toMatchObject({ code: 'customer_not_found' });
      }
      expect((await profileOf(id)).link.spaazaUserId).toBe(userId);
      expect(await house.deps.store.tombstones.findByUserId(chainId, userId)).toBeUndefined();
    });
  });

  describe('on a node whose link is off', () => {
    /** Somebody whose phone was changed here, and whose name is told when the link is off. */
    const toldWhenOff = async () => {
      const both = await agreed();
      house.setClock(10);
      await house.change(both.id, { phone: '2' });
      isOn = false;
      await says(both.userId, { changes: { familyName: 'King' } }, 'spaaza');
      return both;
    };

    it('does not count as told what was changed here', async () => {
      const { id, userId } = await toldWhenOff();
      const shown = (await profileOf(id)).link.lastHash;
      expect(shown).toBe(digestOf(outboundView(await profileOf(id))).lastHash);
      isOn = true;
      expect(await apart(id)).toEqual(['phone']);
      await says(userId, { changes: { phone: '1', familyName: 'King' }, lastModifiedAt: at(5) }, 'pull');
      expect((await profileOf(id)).customer).toMatchObject({ phone: '2', familyName: 'King' });
    });

    it('is asked for before anything is sent, where nothing was agreed before', async () => {
      isOn = false;
      const { id, userId } = await agreed();
      const known = await house.deps.store.links.findAgreement(id, chainId);
      expect(known).toMatchObject({ view: undefined, syncedAt: null });
      const [tie] = await house.deps.store.links.listTies([id]);
      expect(tie).toMatchObject({ isAgreed: true });
      isOn = true;
      await says(userId, { changes: { phone: null, birthday: null }, lastModifiedAt: at(20) }, 'pull');
      expect((await profileOf(id)).customer).toMatchObject({ phone: '1', birthday: '1990-12-10' });
    });

    it('hears what the platform says that is ours already, so that its next change is one', async () => {
      const { id, userId } = await toldWhenOff();
      await says(userId, { changes: { phone: '2' } }, 'spaaza');
      isOn = true;
      expect(await apart(id)).toEqual([]);
      house.setClock(100);
      await says(userId, { changes: { phone: '1' }, lastModifiedAt: at(90) });
      expect((await profileOf(id)).customer.phone).toBe('1');
    });

    it('is younger than an answer to a question that was asked before', async () => {
      const id = await house.create({ phone: '1' });
      const { email } = (await profileOf(id)).customer;
      lastUserId += 1;
      const userId = lastUserId;
      const heardBefore = heardSoFar(await house.deps.store.links.findAgreement(id, chainId));
      isOn = false;
      await house.accounts.applyLoyaltyUpdate(
        updateOf({ identifiers: { userId, username: email }, changes: { phone: '5' } }),
        platformContext,
      );
      isOn = true;
      expect((await says(userId, { changes: { phone: '4' }, heardBefore }, 'pull')).outcome).toBe('unsure');
      expect((await profileOf(id)).customer.phone).toBe('5');
    });

    it('writes nothing when the same is said again', async () => {
      isOn = false;
      const { id, userId } = await agreed();
      const before = await profileOf(id);
      await says(userId, { changes: { phone: '1' } }, 'spaaza');
      expect(await profileOf(id)).toEqual(before);
    });
  });

  it('is merged with nothing where the link is off', async () => {
    const { id, userId } = await agreed();
    isOn = false;
    house.setClock(10);
    await house.change(id, { phone: '2' });
    await says(userId, { changes: { phone: '3' }, lastModifiedAt: at(5) }, 'spaaza');
    await says(userId, { changes: { birthday: null }, lastModifiedAt: at(20) });
    expect((await profileOf(id)).customer).toMatchObject({ phone: '3', birthday: null });
    expect(await decisions(id)).toEqual([]);
    expect((await says(userId, { changes: { phone: '4' }, lastModifiedAt: at(19) })).outcome).toBe('outdated');
    expect((await says(userId, { changes: { phone: '5' }, lastModifiedAt: at(20) })).outcome).toBe('applied');
  });
});
