import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Path of the program as it is shipped, built from this tree. */
    program: string;
  }
}

const root = resolve(import.meta.dirname, '..');

/** Bundles the program once for the whole test run, and again before a rerun. Gives the function that removes it. */
export default async function setup(project: TestProject): Promise<() => void> {
  // Inside the package, because the native modules are looked up from there.
  const cache = join(root, 'node_modules/.cache/foyer-test');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'program-'));
  const build = async (): Promise<void> => {
    await promisify(execFile)(process.execPath, ['scripts/build.mjs', folder], { cwd: root });
  };
  await build();
  project.onTestsRerun(build);
  project.provide('program', join(folder, 'main.js'));
  return () => rmSync(folder, { recursive: true, force: true });
}
