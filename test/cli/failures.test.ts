import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();

describe('a command that cannot do its work', () => {
  // A folder that nobody can look into, not even root.
  beforeAll(() => symlinkSync('round', join(foyer.folder, 'round')));

  it('tells all faults of the configuration at once, with exit code 2, and no secret', async () => {
    const env = { FOYER_PORT: 'eighty', FOYER_DATBASE_URL: 'x', FOYER_SPAAZA_SECRET_1: 'geheim' };
    for (const args of [['serve'], ['demo'], ['key', 'list'], ['migrate']]) {
      const { code, stdout, stderr } = await foyer.run(args, env);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr.split('\n')).toEqual([
        'foyer: The configuration has 3 faults.',
        '  FOYER_PORT is "eighty", but must be a whole number from 0 to 65535',
        '  FOYER_SPAAZA_SECRET_1 is ***, but must be key:secret without spaces',
        '  FOYER_DATBASE_URL is unknown; did you mean FOYER_DATABASE_URL?',
        '',
      ]);
    }
    const { document } = await foyer.json(['key', 'list'], { FOYER_PORT: 'eighty' });
    expect(document).toEqual({
      error: {
        code: 'configuration',
        message: 'The configuration has 1 fault.',
        faults: [expect.stringContaining('eighty')],
      },
    });
  });

  it('tells that a topology file is missing, a folder, or no text', async () => {
    const missing = await foyer.json(['topology', 'apply', 'missing.yaml']);
    expect(missing.code).toBe(2);
    expect(missing.document).toMatchObject({
      error: { code: 'file_unreadable', message: expect.stringContaining('The file missing.yaml cannot be read') },
    });
    expect(await foyer.run(['topology', 'apply', '.'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('EISDIR'),
    });
    const binary = await foyer.run(['topology', 'apply', '-'], {}, Buffer.from([0xff, 0xfe, 0x41]));
    expect(binary).toMatchObject({ code: 1, stderr: expect.stringContaining('line 1: the file is not UTF-8 text') });
    const long = await foyer.run(['topology', 'apply', '-'], {}, Buffer.from(`#${'ü'.repeat(2_000_000)}`));
    expect(long).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 1: the file is larger than 1024 KiB'),
    });
  });

  it.each([
    ['nobody listens', 'postgres://foyer:geheim@127.0.0.1:1/foyer', 'ECONNREFUSED'],
    ['nobody listens on either address of localhost', 'postgres://foyer:geheim@localhost:1/foyer', 'ECONNREFUSED'],
    ['the folder cannot be made', 'sqlite:/dev/null/data/foyer.db', 'its folder /dev/null/data cannot be made'],
    ['the folder cannot be looked into', 'sqlite:round/foyer.db', 'ELOOP'],
    ['the file is a folder', 'sqlite:.', 'unable to open database file'],
  ])('ends with exit code 3 when %s', async (_why, url, reason) => {
    const env = { FOYER_DATABASE_URL: url, FOYER_PORT: '0' };
    for (const args of [['key', 'list'], ['migrate'], ['serve']]) {
      const { code, stdout, stderr } = await foyer.run(args, env);
      expect([args, code, stdout]).toEqual([args, 3, '']);
      expect(stderr).toMatch(/^foyer: The database is unavailable: [^\n]*foyer doctor tells more\.\n$/);
      expect(stderr).toContain(reason);
      expect(stderr).not.toContain('geheim');
    }
    const { document } = await foyer.json(['key', 'list'], env);
    expect(document).toEqual({ error: { code: 'database_unavailable', message: expect.stringContaining(reason) } });
  });

  it('does not plan for a file that it cannot look for, and the doctor does not call it missing', async () => {
    const env = { FOYER_DATABASE_URL: 'sqlite:round/foyer.db' };
    const planned = await foyer.run(['migrate', '--plan'], env);
    expect([planned.code, planned.stderr]).toEqual([3, expect.stringContaining('cannot be looked for (ELOOP)')]);
    expect(await foyer.run(['doctor'], env)).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fail +database +.*ELOOP/m),
    });
    const moved = await foyer.run(['db', 'move', '--from', 'sqlite:nowhere.db', '--to', 'sqlite:new.db']);
    expect([moved.code, moved.stderr]).toEqual([4, expect.stringMatching(/The source is not there: .*nowhere\.db/)]);
  });

  it('ends with exit code 3 when the file is no database', async () => {
    mkdirSync(join(foyer.folder, 'other'));
    writeFileSync(join(foyer.folder, 'other', 'letter.txt'), 'Dear customer, '.repeat(100));
    const { code, stderr } = await foyer.run(['key', 'list'], { FOYER_DATABASE_URL: 'sqlite:other/letter.txt' });
    expect([code, stderr]).toEqual([3, expect.stringContaining('file is not a database')]);
  });

  it('shows a stack with debugging on, and never without', async () => {
    const env = { FOYER_DATABASE_URL: 'postgres://127.0.0.1:1/foyer' };
    expect((await foyer.run(['key', 'list'], env)).stderr).not.toMatch(/^ +at /m);
    for (const level of ['debug', 'trace']) {
      const { stderr } = await foyer.run(['key', 'list'], { ...env, FOYER_LOG_LEVEL: level });
      expect(stderr).toMatch(/^ +at /m);
      expect(stderr).toContain('Caused by: Error: connect ECONNREFUSED');
    }
    const { document } = await foyer.json(['key', 'list'], { ...env, FOYER_LOG_LEVEL: 'debug' });
    expect(document).toMatchObject({ error: { stack: expect.stringContaining('    at ') } });
  });

  it.each(['serve', 'demo'])('tells that the port of %s is in use, with exit code 2', async (command) => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port));
    });
    try {
      const { code, stderr } = await foyer.run([command], { FOYER_PORT: String(port) });
      expect([code, stderr]).toEqual([2, `foyer: Port ${port} is in use; set FOYER_PORT.\n`]);
    } finally {
      other.close();
    }
  });

  it('tells that it cannot listen on an address of another machine', async () => {
    const { code, stderr } = await foyer.run(['serve'], { FOYER_HOST: '192.0.2.1', FOYER_PORT: '0' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('set FOYER_HOST')]);
  });

  it('is not bothered by a reader that goes away', async () => {
    expect((await foyer.run(['key', 'create', 'a', '--scope', 'customer_read'])).code).toBe(0);
    const { stderr } = await promisify(execFile)(
      'sh',
      ['-c', `"$0" "$1" topology show | true`, process.execPath, foyer.program],
      {
        cwd: foyer.folder,
        env: { PATH: process.env.PATH },
      },
    );
    expect(stderr).toBe('');
  });
});
