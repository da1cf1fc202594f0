import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningApp, startApp } from '../start-app.ts';
import { send } from './clients.ts';

let running: RunningApp;
beforeAll(async () => {
  running = await startApp('sqlite');
});
afterAll(() => running.stop());

describe('the page that shows the API', () => {
  it('needs nothing that this server does not serve', async () => {
    const page = await send(`${running.url}/docs`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
    expect(sources).toEqual(['/docs/reference.js']);
    expect(page.text).toContain("url: '/openapi.json'");
  });

  it('is forbidden to load, send or show anything from or to another host', async () => {
    const { headers } = await send(`${running.url}/docs`);
    const directives = new Map(
      headers
        .get('content-security-policy')!
        .split(';')
        .map((directive) => directive.trim().split(/ +/))
        .map(([name, ...sources]) => [name!, sources]),
    );
    expect(directives.get('default-src')).toEqual(["'self'"]);
    for (const needed of ['script-src', 'style-src', 'connect-src', 'img-src', 'font-src']) {
      expect([...directives.keys()]).toContain(needed);
    }
    const allowed = ["'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", 'data:', 'blob:'];
    for (const [name, sources] of directives) {
      for (const source of sources) expect(allowed, name).toContain(source);
    }
    expect(directives.get('connect-src')).toEqual(["'self'"]);
  });

  it('comes with its script, whole', async () => {
    const script = await send(`${running.url}/docs/reference.js`);
    expect(script.status).toBe(200);
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(script.headers.get('x-content-type-options')).toBe('nosniff');
    expect(script.text.length).toBeGreaterThan(500_000);
    expect(script.text).toContain('createApiReference');
  });
});
