import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, posix } from 'node:path';

/** One file below src, as far as the rules about files need it. */
export interface SourceFile {
  /** From src on, with forward slashes: `protocols/gomus/routes.ts`. */
  path: string;
  /** `accounts`, `protocols/gomus`, …; the files directly in src are in the room `.`. */
  room: string;
  isTest: boolean;
  text: string;
  /** The text without comments; strings stay. */
  code: string;
  /** What its import and export statements name: `node:fs`, `kysely`, or a path from src on. */
  imports: string[];
}

/** Reads all TypeScript files below src. */
export function readSourceFiles(): SourceFile[] {
  const root = join(import.meta.dirname, '..', 'src');
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'));
  return paths.toSorted().map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const code = withoutComments(text);
    return { path, room: roomOf(path), isTest: path.endsWith('.test.ts'), text, code, imports: importsOf(path, code) };
  });
}

/** The room a path from src on is in: its first folder, with protocols one room for each wire. */
export function roomOf(path: string): string {
  const folders = dirname(path).split('/');
  return folders[0] === 'protocols' ? folders.slice(0, 2).join('/') : folders[0]!;
}

/** The base name without `.ts`, or `.test.ts`. */
export function stemOf(path: string): string {
  return basename(path).replace(/(?:\.test)?\.ts$/, '');
}

/** Takes comments out and keeps the line breaks; knows strings and templates, so that `'https://…'` is not one. */
export function withoutComments(text: string): string {
  const pattern = /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|(?<![\\/[])\/\/[^\n]*/g;
  return text.replace(pattern, (found, quoted: string | undefined) => quoted ?? found.replace(/[^\n]/g, ''));
}

function importsOf(path: string, code: string): string[] {
  const statements = /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...code.matchAll(statements)].map(([, from, bare, dynamic]) => {
    const target = (from ?? bare ?? dynamic)!;
    return target.startsWith('.') ? posix.join(posix.dirname(path), target) : target;
  });
}
