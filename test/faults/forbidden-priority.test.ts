import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundledBinary, type Served } from '../cli/run-foyer.ts';
import { ask, jsonOf } from './client.ts';

const foyer = bundledBinary();
let log: string;
let node: Served;

beforeAll(async () => {
  log = join(foyer.folder, 'strace.log');
  const forbid = ['-e', 'trace=setpriority', '-e', 'inject=setpriority:error=EPERM'];
  node = await foyer.serve('demo', {}, ['strace', '-D', '-f', '--seccomp-bpf', '-qq', '-o', log, ...forbid]);
});
afterAll(async () => {
  node?.kill('SIGKILL');
  await node?.ended;
});

it('passwords are checked where a sandbox forbids to lower the priority of their threads', async () => {
  const body = { email: 'shop-customer@giantmonkey.de', password: 'meowmeowmeow' };
  const answer = await ask(node.url, { line: 'POST /api/v4/auth/sign_in', body });
  expect([answer.status, jsonOf(answer).data]).toMatchObject([200, { id: 402 }]);
  expect(readFileSync(log, 'utf8')).toContain('EPERM (Operation not permitted) (INJECTED)');
});
