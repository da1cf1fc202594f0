import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FakeSpaaza, startFakeSpaaza } from '../../src/fake/spaaza.ts';
import type * as client from '../../src/protocols/spaaza/client.ts';
import { optionsFor } from './client-options.ts';

const root = resolve(import.meta.dirname, '../..');
let folder = '';
let fake: FakeSpaaza;

beforeAll(async () => {
  const cache = join(root, 'node_modules/.cache/foyer-test');
  mkdirSync(cache, { recursive: true });
  folder = mkdtempSync(join(cache, 'client-'));
  // As scripts/build.mjs bundles the whole.
  await build({
    entryPoints: [join(root, 'src/protocols/spaaza/client.ts')],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    outExtension: { '.js': '.mjs' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  fake = await startFakeSpaaza();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await fake.stop();
});

describe('the Spaaza client in a bundle', () => {
  it('has the HTTP client in a file of its own, loads it, and gets answers with it', async () => {
    expect(readdirSync(folder).filter((name) => name.startsWith('undici'))).toHaveLength(1);
    const bundle = (await import(/* @vite-ignore */ pathToFileURL(join(folder, 'client.mjs')).href)) as typeof client;
    const bundled = new bundle.SpaazaClient(optionsFor(fake));
    expect(await bundled.fetchUser({ spaazaUserId: 1 })).toBeUndefined();
    await bundled.close();
  });
});
