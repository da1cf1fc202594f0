import { describe, expect, it } from 'vitest';
import { type Routing, routeEvents } from './dispatch-events.ts';
import type { AccountEvent, OutboxEntry } from './events.ts';
import type { LoyaltyTie, QueueOrder } from './loyalty-queue.ts';

const now = '2026-03-01T10:00:00.000Z';

function entry(event: AccountEvent, overrides: Partial<OutboxEntry> = {}): OutboxEntry {
  return { id: 1, event, origin: 'gomus', actor: 'customer 5', requestId: 'r', occurredAt: now, ...overrides };
}

const created = (customerId = 5): AccountEvent => ({ type: 'customer.created', customerId, fields: ['email'] });
const updated = (customerId = 5): AccountEvent => ({ type: 'customer.updated', customerId, fields: ['phone'] });
const signedIn = (customerId = 5): AccountEvent => ({ type: 'customer.signed_in', customerId });

function tie(chainId: number, overrides: Partial<LoyaltyTie> = {}): LoyaltyTie {
  return { customerId: 5, chainId, spaazaUserId: 77, isAgreed: true, syncedAt: null, ...overrides };
}

/** Everybody lives in chain 123; chains 123 and 7 are on. */
function routing(overrides: Partial<Routing> = {}): Routing {
  return {
    isOn: (chainId) => chainId === 123 || chainId === 7,
    chainOfCustomer: () => 123,
    tiesOf: () => [],
    begunIn: () => [],
    freshSince: '2026-03-01T09:55:00.000Z',
    ...overrides,
  };
}

const order = (overrides: Partial<QueueOrder> = {}): QueueOrder => ({
  chainId: 123,
  customerId: 5,
  wantsPush: false,
  wantsPull: false,
  erasure: null,
  requestId: 'r',
  ...overrides,
});

describe('routeEvents', () => {
  it('tells the chain of the website of new and changed customers', () => {
    for (const event of [created(), updated()]) {
      expect(routeEvents([entry(event)], routing())).toEqual([order({ wantsPush: true })]);
    }
  });

  it('tells every chain that the customer is tied to, as far as its link is on', () => {
    const ties = [tie(7), tie(123), tie(9)];
    const orders = routeEvents([entry(updated())], routing({ tiesOf: () => ties }));
    expect(orders).toEqual([order({ chainId: 7, wantsPush: true }), order({ wantsPush: true })]);
  });

  it('makes one order of all that happened to a customer, under the latest request', () => {
    const events = [
      entry(created()),
      entry(signedIn(), { requestId: 'r-2' }),
      entry(updated(6)),
      entry(updated(), { requestId: 'r-3' }),
    ];
    expect(routeEvents(events, routing())).toEqual([
      order({ wantsPush: true, wantsPull: true, requestId: 'r-3' }),
      order({ customerId: 6, wantsPush: true }),
    ]);
  });

  it('asks about who signs in, unless the platform was heard of just now', () => {
    expect(routeEvents([entry(signedIn())], routing())).toEqual([order({ wantsPull: true })]);
    const heardAt = (syncedAt: string) =>
      routeEvents([entry(signedIn())], routing({ tiesOf: () => [tie(123, { syncedAt }), tie(7)] }));
    expect(heardAt('2026-03-01T09:54:59.999Z')).toEqual([order({ wantsPull: true })]);
    expect(heardAt('2026-03-01T09:55:00.000Z')).toEqual([]);
  });

  it('sends nothing for a password, for ids that a push brought, and for customers without a chain', () => {
    expect(routeEvents([entry({ type: 'customer.password_changed', customerId: 5 })], routing())).toEqual([]);
    expect(routeEvents([entry(updated(), { origin: 'push' })], routing({ tiesOf: () => [tie(7)] }))).toEqual([]);
    expect(routeEvents([entry(updated()), entry(signedIn())], routing({ chainOfCustomer: () => null }))).toEqual([]);
    expect(routeEvents([entry(updated())], routing({ isOn: () => false }))).toEqual([]);
  });

  it('sends nothing of a customer who is gone', () => {
    const gone = routing({ chainOfCustomer: () => undefined, tiesOf: () => [tie(7)] });
    expect(routeEvents([entry(created()), entry(updated()), entry(signedIn())], gone)).toEqual([]);
  });

  it('has everybody erased whom the platform may know', () => {
    const links = [
      { chainId: 123, spaazaUserId: 77, isAgreed: true },
      { chainId: 7, spaazaUserId: null, isAgreed: true },
    ];
    const deleted: AccountEvent = { type: 'customer.deleted', customerId: 5, links };
    expect(routeEvents([entry(deleted)], routing({ begunIn: () => [123] }))).toEqual([
      order({ chainId: 7, erasure: { spaazaUserId: null } }),
      order({ erasure: { spaazaUserId: 77 } }),
    ]);
  });

  it('has nobody erased of whom the platform was never told, unless a try to tell had begun', () => {
    const links = [{ chainId: 123, spaazaUserId: null, isAgreed: false }];
    const events = [entry(created()), entry({ type: 'customer.deleted', customerId: 5, links })];
    const gone = { chainOfCustomer: () => undefined };
    expect(routeEvents(events, routing(gone))).toEqual([]);
    expect(routeEvents(events, routing({ ...gone, begunIn: () => [123] }))).toEqual([
      order({ erasure: { spaazaUserId: null } }),
    ]);
  });

  it('takes an older event that does not say whether there was an agreement for one with', () => {
    const deleted: AccountEvent = {
      type: 'customer.deleted',
      customerId: 5,
      links: [{ chainId: 123, spaazaUserId: null }],
    };
    expect(routeEvents([entry(deleted)], routing())).toEqual([order({ erasure: { spaazaUserId: null } })]);
  });
});
