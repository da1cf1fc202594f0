import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();

describe('foyer demo', () => {
  let temporary: string;

  beforeEach(() => {
    temporary = mkdtempSync(join(tmpdir(), 'foyer-demo-test-'));
  });
  afterEach(() => rmSync(temporary, { recursive: true, force: true }));

  it('shows calls that work when copied, and removes its data when it is stopped', async () => {
    const demo = await foyer.serve('demo', { TMPDIR: temporary });
    const banner = demo.stdout();
    // Nothing comes before it: that its database is new is no news.
    expect(banner).toMatch(/^\nFoyer demo: /);
    expect(banner).toContain(`${demo.url}/docs`);
    const folder = /^ +data +(\S+)$/m.exec(banner)?.[1] ?? '';
    expect(folder.startsWith(temporary)).toBe(true);
    expect(existsSync(join(folder, 'foyer.db'))).toBe(true);

    const key = /^ +API key +(\S+)/m.exec(banner)?.[1];
    expect(banner).toContain(`curl ${demo.url}/rest/V1/spaaza/customer/user_info/1 -H 'Authorization: Bearer ${key}'`);
    const info = await fetch(`${demo.url}/rest/V1/spaaza/customer/user_info/1`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect([info.status, await info.text()]).toEqual([200, expect.stringContaining('Veronica')]);

    const signIn = /curl '([^']+)' -H 'X-Shop-Url: ([^']+)' \\\n +--data-raw '([^']+)'/.exec(banner);
    const [, url = '', host = '', body = ''] = signIn ?? [];
    // curl sends --data-raw as a form.
    const headers = { 'x-shop-url': host, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(url, { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Bruce')]);

    demo.kill('SIGINT');
    demo.kill('SIGINT');
    const { code, stderr } = await demo.ended;
    expect([code, stderr]).toEqual([0, '']);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('refuses to listen on %s', async (host) => {
    const { code, stdout, stderr } = await foyer.run(['demo'], { FOYER_HOST: host, TMPDIR: temporary });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('the demo binds to loopback only');
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('leaves a configured database alone', async () => {
    const own = join(temporary, 'own.db');
    const demo = await foyer.serve('demo', { TMPDIR: temporary, FOYER_DATABASE_URL: `sqlite:${own}` });
    demo.kill('SIGTERM');
    expect((await demo.ended).code).toBe(0);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('removes its data when it cannot start', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    try {
      const { code } = await foyer.run(['demo'], { FOYER_PORT: String(port), TMPDIR: temporary });
      expect(code).toBe(2);
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      other.close();
    }
  });
});
