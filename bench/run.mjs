// Bundles the benchmark into node_modules/.cache/bench and runs it: `node bench/run.mjs [--quick]`, or with --profile the
// profiler. See bench/README.md.
import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outdir = join(root, 'node_modules', '.cache', 'bench');
process.chdir(root);
await build({
  entryPoints: {
    main: 'bench/main.ts',
    profile: 'bench/profile.ts',
    load: 'bench/load.ts',
    'bare-server': 'bench/limit/bare-server.ts',
    'bare-postgres': 'bench/limit/bare-postgres.ts',
    'raw-hashing': 'bench/limit/raw-hashing.ts',
    'raw-commits': 'bench/limit/raw-commits.ts',
  },
  outdir,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: 'inline',
  packages: 'external',
  logLevel: 'warning',
});
const args = process.argv.slice(2);
// The server that is measured is the one of this working tree, built where no running one is disturbed.
if (!args.includes('--no-build')) execFileSync(process.execPath, ['scripts/build.mjs', join(outdir, 'foyer')]);
const run = spawn(
  process.execPath,
  ['--enable-source-maps', join(outdir, args.includes('--profile') ? 'profile.mjs' : 'main.mjs'), ...args],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => run.kill(signal));
run.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
