import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { demoTopology } from '../../src/demo.ts';
import { fakeDefaults } from '../../src/fake/spaaza.ts';
import { bundledBinary, eventually } from './run-foyer.ts';

const foyer = bundledBinary();

describe('foyer fake spaaza', () => {
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
  });

  const start = (...args: string[]) => {
    child = spawn(process.execPath, [foyer.program, 'fake', 'spaaza', '--port', '0', ...args], {
      cwd: foyer.folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    const ended = new Promise<number | null>((done) => child?.once('exit', done));
    return { stdout: () => stdout, ended };
  };

  it('serves the chain that its options name, from memory, until it is stopped', async () => {
    const { stdout, ended } = start('--chain', '7', '--key', 'k:s', '--hostname', 'acme.spaaza.com', '--json');
    await eventually(() => stdout().endsWith('}\n'));
    const said = JSON.parse(stdout()) as { url: string };
    expect(said).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      chain_id: 7,
      credential: 'k:s',
      hostname: 'acme.spaaza.com',
    });
    const answer = await fetch(`${said.url}/internal/add-user`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer k:s',
        'x-spaaza-myprice-app-hostname': 'acme.spaaza.com',
        'content-type': 'application/json',
      },
      body: '{"username":"ada@example.org"}',
    });
    expect(answer.status).toBe(200);
    expect(await (await fetch(`${said.url}/_fake/users`)).json()).toMatchObject([{ username: 'ada@example.org' }]);
    child?.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('fits the demo without options', async () => {
    const { stdout } = start('--json');
    await eventually(() => stdout().endsWith('}\n'));
    const { chain_id: id, hostname, credential } = JSON.parse(stdout()) as Record<string, unknown>;
    expect(demoTopology.chains).toMatchObject([{ id, hostname }]);
    expect(fakeDefaults).toEqual({ chainId: id, hostname, credential });
  });

  it('shows how to point a Foyer at it', async () => {
    const { stdout } = start();
    await eventually(() => stdout().includes('npm run demo'));
    expect(stdout()).toMatch(/FOYER_SPAAZA_API_123=http:\S+ FOYER_SPAAZA_SECRET_123=fake-key:fake-secret npm run demo/);
  });

  it('refuses a port that is in use, naming its own option', async () => {
    const holder = createServer();
    await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done));
    const { port } = holder.address() as { port: number };
    const ended = await foyer.run(['fake', 'spaaza', '--port', String(port)]);
    expect(ended).toEqual({ code: 2, stdout: '', stderr: `foyer: Port ${port} is in use; --port takes another.\n` });
    holder.close();
  });

  it.each([
    ['--key', 'no-colon', 'key:secret'],
    ['--chain', '0', 'whole number'],
    ['--webhook', 'nowhere', 'http'],
  ])('refuses %s %s', async (option, value, hint) => {
    const { code, stderr } = await foyer.run(['fake', 'spaaza', option, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(hint);
  });
});
