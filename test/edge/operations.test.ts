import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { release } from '../../src/release.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { authenticate, bruce, john, metric, send, signIn, userInfo } from './clients.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off', FOYER_LOCK_FAILURES: '2' });
});
afterAll(() => running.stop());

const get = (path: string) => send(`${running.url}${path}`);
const wrong = (email: string) => ({ email, password: 'certainly wrong' });

describe('health', () => {
  it('says that the process lives, that requests are served, and the state in detail', async () => {
    expect((await get('/livez')).json()).toEqual({ status: 'ok' });
    expect((await get('/readyz')).json()).toEqual({ status: 'ready', database: 'up' });
    expect((await get('/health')).json()).toEqual({
      status: 'ok',
      release,
      uptime_seconds: expect.any(Number),
      database: 'up',
      rate_limits: 'off',
      loyalty: [{ chain: 123, state: 'off' }],
    });
  });

  it('is also asked with HEAD, and with a slash too many', async () => {
    for (const path of ['/livez', '/readyz', '/health']) {
      expect((await send(`${running.url}${path}`, { method: 'HEAD' })).status).toBe(200);
      expect((await get(`${path}/`)).status).toBe(200);
    }
  });

  it('stays up and ready in maintenance, and says so, while both wires refuse', async () => {
    const { setMaintenance } = running.app.accounts;
    const since = await setMaintenance({ isOn: true });
    try {
      expect((await get('/livez')).status).toBe(200);
      expect((await get('/readyz')).status).toBe(200);
      expect((await get('/health')).json()).toMatchObject({ status: 'maintenance', maintenance_since: since });
      expect(await metric(running.url, 'foyer_maintenance')).toBe(1);
      for (const answer of [await signIn(running.url, bruce), await userInfo(running.url, 1)]) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
    } finally {
      await setMaintenance({ isOn: false });
    }
    expect((await userInfo(running.url, 1)).status).toBe(200);
    expect(await metric(running.url, 'foyer_maintenance')).toBe(0);
  });
});

describe('metrics', () => {
  it('are in the form that Prometheus reads', async () => {
    const { headers, text } = await get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of text.split('\n').filter((each) => each !== '')) {
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) [a-z0-9_:]+ .+|[a-z0-9_:]+(?:\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? [-+\d.eInfNa]+)$/,
      );
    }
    const named = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(named).toEqual(
      expect.arrayContaining([
        'foyer_sign_ins_total counter',
        'foyer_http_request_duration_seconds histogram',
        'foyer_database_transaction_duration_seconds histogram',
        'foyer_hash_queue_length gauge',
        'foyer_hash_running gauge',
        'foyer_hash_average_seconds gauge',
        'foyer_hashes_total counter',
        'foyer_hash_shed_total counter',
        'foyer_maintenance gauge',
        'foyer_rate_limits_shared gauge',
        'process_resident_memory_bytes gauge',
        'nodejs_eventloop_lag_seconds gauge',
      ]),
    );
    expect(new Set(named).size).toBe(named.length);
  });

  it.each([
    ['gomus', 'success', () => signIn(running.url, bruce)],
    ['gomus', 'invalid_credentials', () => signIn(running.url, wrong('nobody@example.com'))],
    ['spaaza', 'success', () => authenticate(running.url, john)],
    ['spaaza', 'invalid_credentials', () => authenticate(running.url, wrong('nobody.else@example.com'))],
  ])('count sign-ins over %s by outcome: %s', async (wire, outcome, attempt) => {
    const series = `foyer_sign_ins_total{wire="${wire}",outcome="${outcome}"}`;
    const before = await metric(running.url, series);
    await attempt();
    expect(await metric(running.url, series)).toBe(before + 1);
  });

  it('count a locked account as an outcome of its own', async () => {
    for (let count = 0; count < 3; count += 1) await signIn(running.url, wrong('locked@example.com'));
    expect(await metric(running.url, 'foyer_sign_ins_total{wire="gomus",outcome="account_locked"}')).toBe(1);
  });

  it('time answers by route pattern and status, so that ids and e-mails make no series', async () => {
    await userInfo(running.url, 1);
    await userInfo(running.url, 39);
    await get('/nowhere/really');
    await get('/nowhere/else');
    const countOf = (route: string, status: number) =>
      metric(
        running.url,
        `foyer_http_request_duration_seconds_count{method="GET",route="${route}",status="${status}"}`,
      );
    expect(await countOf('/rest/V1/spaaza/customer/user_info/:customerId', 200)).toBeGreaterThanOrEqual(2);
    expect(await countOf('unmatched', 404)).toBe(2);
    const { text } = await get('/metrics');
    expect(text).not.toMatch(/nowhere|user_info\/39|@/);
  });

  it('time transactions by outcome', async () => {
    const series = 'foyer_database_transaction_duration_seconds_count{outcome="committed"}';
    const before = await metric(running.url, series);
    await signIn(running.url, bruce);
    expect(await metric(running.url, series)).toBeGreaterThan(before);
  });

  it('are not served when they are switched off', async () => {
    const without = await startApp('sqlite', { FOYER_METRICS: 'off' });
    try {
      expect((await send(`${without.url}/metrics`)).status).toBe(404);
    } finally {
      await without.stop();
    }
  });
});
