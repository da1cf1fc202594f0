import { spawn } from 'node:child_process';
import type { Behaviour } from '../../src/fake/behaviour.ts';
import type { FakeStats } from '../../src/fake/house.ts';
import type { JournalEntry } from '../../src/fake/journal.ts';
import { type Binary, eventually } from '../cli/run-foyer.ts';
import { smallTopology } from '../fixtures.ts';

/** A person as the platform's stand-in shows them. */
export type Shopper = Record<string, unknown>;

/** The loyalty platform's stand-in in a process of its own, for chain 123 of the scenarios' topology. */
export interface Platform {
  /** Settings with which a node is linked with it. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the switches; those left out are off. */
  behave(behaviour: Partial<Behaviour>): Promise<void>;
  shoppers(): Promise<Shopper[]>;
  /** Tells of every change from now on, once, at the webhooks' address of a node. */
  tell(nodeUrl: string): Promise<void>;
  /** A change made over there; gives the person as they are then. */
  change(userId: number, fields: Shopper): Promise<Shopper>;
  /** What was carried out, in order. */
  requests(): Promise<JournalEntry[]>;
  stats(): Promise<FakeStats>;
  forgetRequests(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the stand-in of the bundled program. */
export async function startPlatform(foyer: Binary): Promise<Platform> {
  const [chain] = smallTopology.chains;
  const { id, hostname } = chain!;
  const options = ['--port', '0', '--chain', String(id), '--hostname', hostname, '--json'];
  const child = spawn(process.execPath, [foyer.program, 'fake', 'spaaza', ...options], {
    cwd: foyer.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => child.once('close', done));
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  await eventually(() => stdout.endsWith('}\n'));
  const { url, credential } = JSON.parse(stdout) as { url: string; credential: string };
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${url}/_fake/${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  };
  const secret = 'signs-what-the-platform-tells';
  return {
    env: {
      [`FOYER_SPAAZA_API_${id}`]: url,
      [`FOYER_SPAAZA_SECRET_${id}`]: credential,
      [`FOYER_SPAAZA_WEBHOOK_SECRET_${id}`]: secret,
    },
    behave: async (behaviour) => void (await ask('PUT', 'behaviour', behaviour)),
    tell: async (nodeUrl) => void (await ask('PUT', 'webhook', { url: `${nodeUrl}/webhooks/spaaza/${id}`, secret })),
    shoppers: async () => (await ask('GET', 'users')) as Shopper[],
    change: async (userId, fields) => (await ask('PUT', `users/${userId}`, fields)) as Shopper,
    requests: async () => (await ask('GET', 'requests')) as JournalEntry[],
    stats: async () => (await ask('GET', 'stats')) as FakeStats,
    forgetRequests: async () => void (await ask('DELETE', 'journal')),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
