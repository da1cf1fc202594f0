import type { OutboundView } from '../../src/accounts/loyalty-link.ts';
import type { FakeSpaaza } from '../../src/fake/spaaza.ts';
import { SpaazaClient, type SpaazaClientOptions } from '../../src/protocols/spaaza/client.ts';

/** Options of a client that fits a stand-in and has nothing to wait for. */
export function optionsFor(fake: Pick<FakeSpaaza, 'url' | 'chainId' | 'hostname' | 'credential'>): SpaazaClientOptions {
  const [key = '', secret = ''] = fake.credential.split(':');
  return {
    chainId: fake.chainId,
    apiUrl: fake.url,
    hostname: fake.hostname,
    credential: { key, secret },
    apiVersion: '1.6.3',
    timeoutMs: 10_000,
    perSecond: 1000,
    concurrency: 2,
    log: { warn: () => undefined },
  };
}

/** A client of a stand-in, with other options where the test is about them. */
export function clientOf(fake: FakeSpaaza, options: Partial<SpaazaClientOptions> = {}): SpaazaClient {
  return new SpaazaClient({ ...optionsFor(fake), ...options });
}

/** Somebody with a value in every field. */
export function fullView(changes: Partial<OutboundView> = {}): OutboundView {
  return {
    givenName: 'Ada',
    familyName: 'Lovelace',
    birthday: '1990-12-10',
    email: 'ada@example.org',
    customerId: 7,
    gender: 'F',
    isPrintedMailingSubscribed: false,
    isMailingSubscribed: true,
    isMailingOffered: true,
    isProgrammeOptedIn: true,
    street: 'Dorpstraat',
    houseNumber: '1',
    houseNumberExtension: 'B',
    postcode: '1000AA',
    city: 'Amsterdam',
    countryCode: 'NL',
    phone: '020 123 45 67',
    ...changes,
  };
}
