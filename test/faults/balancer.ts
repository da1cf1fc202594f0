import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually } from '../cli/run-foyer.ts';
import { freePort } from '../free-port.ts';
import { ask } from './client.ts';

export interface Balancer {
  /** Base address, without a slash at its end. */
  url: string;
  stop(): Promise<void>;
}

/**
 * Puts nginx in front of nodes, with the file that compose.postgres.yaml mounts. Only what belongs to the place is
 * changed: the nodes' addresses, the port, no TLS, and a folder of its own instead of /tmp.
 */
export async function startBalancer(nodeUrls: readonly string[]): Promise<Balancer> {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-nginx-'));
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, placed(nodeUrls, port, folder));
  const log = join(folder, 'error.log');
  const nginx = spawn('nginx', ['-e', log, '-p', folder, '-c', file, '-g', 'daemon off;'], { stdio: 'ignore' });
  const failed = once(nginx, 'error').then(([error]) => Promise.reject(error));
  const ended = once(nginx, 'exit');
  failed.catch(() => undefined);
  const stop = async (): Promise<void> => {
    nginx.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  const url = `http://127.0.0.1:${port}`;
  const isUp = async (): Promise<boolean> => {
    if (nginx.exitCode !== null) throw new Error(`nginx ended: ${readFileSync(log, 'utf8')}`);
    return ask(url, { line: 'GET /api/v4/version' }).then(
      ({ status }) => status === 200,
      () => false,
    );
  };
  await Promise.race([eventually(isUp), failed]);
  return { url, stop };
}

function placed(nodeUrls: readonly string[], port: number, folder: string): string {
  const text = readFileSync(resolve(import.meta.dirname, '../../deploy/nginx.conf'), 'utf8');
  const nodes = nodeUrls.map((url) => new URL(url).host);
  const changes: [RegExp, string][] = [
    ...nodes.map((host, index): [RegExp, string] => [new RegExp(`foyer-${index + 1}:8080`), host]),
    [/ {2}server \{\n {4}listen 8080;\n[^}]*\}\n/, ''],
    [/listen 8443 ssl http2;/, `listen 127.0.0.1:${port};`],
    [/^ *ssl_.*\n/gm, ''],
    [/\/tmp\//g, `${folder}/`],
    [/error_log .*;/, `error_log ${folder}/error.log warn;`],
    [/access_log .*;/, 'access_log off;'],
  ];
  return changes.reduce((result, [pattern, replacement]) => {
    if (result.search(pattern) < 0) throw new Error(`deploy/nginx.conf has no ${pattern} any more`);
    return result.replace(pattern, replacement);
  }, text);
}
