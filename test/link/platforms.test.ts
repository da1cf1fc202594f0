import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LoyaltyPlatforms } from '../../src/accounts/loyalty-platform.ts';
import { sharedFields } from '../../src/accounts/shared-fields.ts';
import type { Chain } from '../../src/accounts/topology.ts';
import { loadConfig } from '../../src/config.ts';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import { createLoyaltyPlatforms } from '../../src/protocols/spaaza/platforms.ts';
import { fullView } from './client-options.ts';

let fakes: FakeSpaaza[];
let platforms: LoyaltyPlatforms | undefined;

beforeEach(async () => {
  fakes = await Promise.all(
    [123, 124].map((chainId) => startFakeSpaaza({ chainId, hostname: `app${chainId}.example` })),
  );
});
afterEach(async () => {
  await platforms?.close();
  await Promise.all(fakes.map((fake) => fake.stop()));
});

const chainOf = ({ chainId, url, hostname }: FakeSpaaza): Chain => ({ id: chainId, api: url, hostname });

/** The platforms as a server composes them, of the chains that `chains` has at the moment. */
function platformsWith(env: Record<string, string>, chains: () => readonly Chain[]): LoyaltyPlatforms {
  platforms = createLoyaltyPlatforms(loadConfig(env, 'serve'), chains, { warn: () => undefined });
  return platforms;
}

const credentials = {
  FOYER_SPAAZA_SECRET_123: 'fake-key:fake-secret',
  FOYER_SPAAZA_SECRET_124: 'fake-key:fake-secret',
};

describe('the platforms', () => {
  it('are those of the chains that the topology has and a credential is set for', () => {
    const { platformOf } = platformsWith({ ...credentials, FOYER_SPAAZA_API_125: 'http://127.0.0.1:1' }, () => [
      chainOf(fakes[0]!),
      { id: 125, api: 'http://127.0.0.1:1', hostname: 'x.example' },
    ]);
    expect(platformOf(123)?.chainId).toBe(123);
    expect([platformOf(124), platformOf(125), platformOf(126)]).toEqual([undefined, undefined, undefined]);
  });

  it('each reach their own chain', async () => {
    const { platformOf } = platformsWith(credentials, () => fakes.map(chainOf));
    await platformOf(123)?.addUser(fullView({ customerId: 1 }), sharedFields);
    await platformOf(124)?.addUser(fullView({ customerId: 2 }), sharedFields);
    expect(fakes.map((fake) => fake.users().map((user) => user.authentication_point_identifier))).toEqual([
      ['1'],
      ['2'],
    ]);
  });

  it('go to the address of the settings when there is one', async () => {
    const [fake] = fakes;
    const { platformOf } = platformsWith({ ...credentials, FOYER_SPAAZA_API_123: fake!.url }, () => [
      { ...chainOf(fake!), api: 'http://127.0.0.1:1' },
    ]);
    expect(await platformOf(123)?.fetchUser({ spaazaUserId: 1 })).toBeUndefined();
  });

  it('follow a topology that changes, and are the same while it does not', async () => {
    const fake = fakes[0]!;
    let chains: Chain[] = [{ ...chainOf(fake), hostname: 'wrong.example' }];
    const { platformOf } = platformsWith(credentials, () => chains);
    const before = platformOf(123);
    expect(platformOf(123)).toBe(before);
    await expect(before?.fetchUser({ spaazaUserId: 1 })).rejects.toMatchObject({ kind: 'chain', code: 269 });
    chains = [chainOf(fake)];
    const after = platformOf(123);
    expect(after).not.toBe(before);
    expect(await after?.fetchUser({ spaazaUserId: 1 })).toBeUndefined();
    await expect(before?.fetchUser({ spaazaUserId: 1 })).rejects.toMatchObject({ kind: 'transient' });
    chains = [];
    expect(platformOf(123)).toBeUndefined();
  });

  it('ask for the version, and keep to the limits, of the settings', async () => {
    const env = {
      FOYER_SPAAZA_API_VERSION: '1.3.0',
      FOYER_SPAAZA_CONCURRENCY: '3',
      FOYER_SPAAZA_RATE_PER_SECOND: '900',
    };
    const fake = fakes[0]!;
    const { platformOf } = platformsWith({ ...credentials, ...env }, () => [chainOf(fake)]);
    await platformOf(123)?.addUser(fullView(), sharedFields);
    expect(fake.requests()[0]?.apiVersion).toBe('1.3.0');
    fake.behave({ delayMs: 60_000 });
    const ending = new AbortController();
    const calls = Array.from({ length: 6 }, () =>
      platformOf(123)?.fetchUser({ customerId: 7 }, { signal: ending.signal }),
    );
    const outcomes = Promise.allSettled(calls);
    await vi.waitUntil(() => fake.stats().inFlight === 3, 10_000);
    ending.abort();
    await outcomes;
    expect(fake.stats().mostInFlight).toBe(3);
  });
});
