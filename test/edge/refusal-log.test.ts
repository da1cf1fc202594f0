import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite', { FOYER_RATE_LIMIT: 'off' });
});
afterAll(() => running.stop());

async function loggedAs(id: string, path: string, init: RequestInit): Promise<Record<string, unknown> | undefined> {
  const headers = { 'x-request-id': id, ...init.headers };
  await (await fetch(`${running.url}${path}`, { ...init, headers })).text();
  return running.logs.find((line) => line.reqId === id && line.msg === 'answered');
}

describe('what is refused on purpose', () => {
  it('has the one line that says why, and no stack', async () => {
    await running.app.accounts.setMaintenance({ isOn: true });
    try {
      for (const path of ['/api/v4/auth/validate_token', '/rest/V1/spaaza/customer/user_info/1']) {
        const id = `closed${path.slice(0, 5).replaceAll('/', '-')}`;
        expect(await loggedAs(id, path, {})).toMatchObject({ status: 503, reason: 'maintenance' });
        expect(running.logs.filter(({ reqId }) => reqId === id)).toHaveLength(1);
      }
    } finally {
      await running.app.accounts.setMaintenance({ isOn: false });
    }
  });
});

describe('the log line of a refused request', () => {
  it('names the fields at fault and their rules, and no value', async () => {
    const body = '{"email":"info@spaaza.com","password":"x","name":"Selina"}';
    const line = await loggedAs('refused-sign-up', '/api/v4/auth', { method: 'POST', body });
    expect(line).toMatchObject({
      status: 422,
      reason: 'validation_failed',
      fields: ['newPassword: too_short', 'email: taken'],
    });
    expect(JSON.stringify(line)).not.toContain('spaaza.com');
  });

  it('tells an unknown key from a missing right, which the Spaaza wire does not', async () => {
    const { key } = await running.app.accounts.createKey({ name: 'reader', scopes: ['customer_authenticate'] });
    await running.app.accounts.directory.refresh();
    const path = '/rest/V1/spaaza/customer/user_info/1';
    const unknown = await loggedAs('unknown-key', path, { headers: { authorization: 'Bearer nope' } });
    const lacking = await loggedAs('lacking-right', path, { headers: { authorization: `Bearer ${key}` } });
    expect([unknown, lacking]).toMatchObject([
      { status: 401, reason: 'key_unknown' },
      { status: 401, reason: 'forbidden' },
    ]);
  });
});
