import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import { databaseKinds } from '../dialects.ts';
import { metric, send } from '../edge/clients.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, call, signIn, signUp } from '../wire/gomus/client.ts';
import { until } from './workshop.ts';

describe.each(databaseKinds)('a served link (%s)', (kind) => {
  let fake: FakeSpaaza;
  let server: RunningApp;

  beforeEach(async () => {
    fake = await startFakeSpaaza();
  });

  afterEach(async () => {
    await server.stop();
    await fake.stop();
  });

  const start = async (env: Record<string, string> = {}) => {
    server = await startApp(kind, {
      FOYER_JOBS: 'on',
      FOYER_RATE_LIMIT: 'off',
      FOYER_SPAAZA_SECRET_123: fake.credential,
      FOYER_SPAAZA_API_123: fake.url,
      FOYER_SPAAZA_RATE_PER_SECOND: '1000',
      ...env,
    });
  };
  const get = async (path: string) => send(`${server.url}${path}`);
  const health = async () => {
    const { status, json } = await get('/health');
    return { code: status, ...(json() as { status: string; loyalty: unknown }) };
  };
  const linkState = (state: string) => [{ chain: 123, state }];
  const chainMetric = (name: string, labels = '') => metric(server.url, `${name}{chain="123"${labels}}`);

  it('carries a sign-up over, and takes over at a sign-in what was changed there', async () => {
    await start({ FOYER_SPAAZA_PULL_INTERVAL_SECONDS: '0' });
    const { email, password, id } = await signUp(server);
    await until(() => fake.users().length === 1);
    const [user] = fake.users();
    expect(user).toMatchObject({ username: email, first_name: 'Selina', authentication_point_identifier: String(id) });
    const nameOf = async () => (await server.app.store.customers.findById(id))?.customer.givenName;
    await until(async () => (await server.app.store.links.listByCustomer(id))[0]?.spaazaUserId === user!.user_id);
    fake.changeUser(user!.user_id as number, { first_name: 'Catherine' });
    await signIn(server, email, password);
    await until(async () => (await nameOf()) === 'Catherine');
    expect(await health()).toMatchObject({ code: 200, status: 'ok', loyalty: linkState('ok') });
    expect(await chainMetric('foyer_loyalty_jobs_total', ',job="push",outcome="acknowledged"')).toBe(1);
    expect(await chainMetric('foyer_loyalty_last_success_seconds')).toBeLessThan(60);
    expect(await chainMetric('foyer_loyalty_queue_length', ',state="dead"')).toBe(0);
  });

  it('lets nobody wait when the platform hangs, and stops all the same', async () => {
    await start({ FOYER_SHUTDOWN_SECONDS: '1' });
    fake.behave({ delayMs: 600_000 });
    await signIn(server, bruce.email, bruce.password);
    await until(() => fake.stats().requests > 0);
    const tokens = await signIn(server, bruce.email, bruce.password);
    expect((await call(server, 'PUT', '/auth', { headers: tokens, json: { mobile: '1' } })).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
  });

  it('stays ready when the platform is down, and says that it is degraded', async () => {
    await start();
    fake.behave({ down: true });
    for (let count = 0; count < 6; count += 1) await signUp(server);
    await until(async () => (await health()).status === 'degraded');
    expect(await health()).toMatchObject({ code: 200, database: 'up', loyalty: linkState('degraded') });
    expect((await get('/readyz')).json()).toEqual({ status: 'ready', database: 'up' });
    expect(await chainMetric('foyer_loyalty_breaker_state')).toBe(2);
    // The sixth may still be on its way out of the outbox when the fifth failure opens the breaker.
    await until(async () => (await chainMetric('foyer_loyalty_queue_length', ',state="waiting"')) === 6);
    expect(await chainMetric('foyer_loyalty_queue_oldest_seconds')).toBeGreaterThanOrEqual(0);
    expect(await chainMetric('foyer_loyalty_jobs_total', ',job="push",outcome="retried"')).toBeGreaterThanOrEqual(5);
  });

  it('is paused when the platform does not know the credential', async () => {
    await start({ FOYER_SPAAZA_SECRET_123: 'wrong:key' });
    await signUp(server);
    await until(async () => (await chainMetric('foyer_loyalty_chain_paused')) === 1);
    expect(await health()).toMatchObject({ code: 200, status: 'degraded', loyalty: linkState('paused') });
    expect((await get('/readyz')).status).toBe(200);
    expect(server.rawLog()).not.toContain('wrong:key');
  });

  it('counts what was given up', async () => {
    await start();
    fake.behave({ errorCode: 9001 });
    await signUp(server);
    await until(async () => (await chainMetric('foyer_loyalty_queue_length', ',state="dead"')) === 1);
    expect(await health()).toMatchObject({ status: 'ok', loyalty: linkState('ok') });
  });

  it('is off without a credential: then events go, and nothing is kept for it', async () => {
    server = await startApp(kind, { FOYER_JOBS: 'on' });
    await signUp(server);
    await until(() => server.app.store.outbox.isEmpty());
    expect(await health()).toMatchObject({ code: 200, status: 'ok', loyalty: linkState('off') });
    expect(await server.app.store.queue.count(123, 'waiting', 10)).toBe(0);
    expect((await get('/metrics')).text).not.toContain('foyer_loyalty_queue_length{');
  });

  it('is left to other nodes by one that runs no jobs', async () => {
    await start({ FOYER_JOBS: 'off' });
    await signUp(server);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await server.app.store.outbox.isEmpty()).toBe(false);
    expect(fake.stats().requests).toBe(0);
  });
});
