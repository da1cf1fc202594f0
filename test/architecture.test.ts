import { readdirSync, readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSourceFiles, roomOf, type SourceFile, stemOf, withoutComments } from './source-files.ts';

const files = readSourceFiles();
const shipped = files.filter(({ isTest }) => !isTest);

/** What each room may import beside `node:` and itself; a trailing `*` stands for anything. */
const arrows: Record<string, readonly string[]> = {
  accounts: [],
  threads: [],
  storage: ['accounts', 'threads', 'kysely', 'better-sqlite3', 'pg', 'rate-limiter-flexible'],
  hashing: ['accounts', 'threads', '@node-rs/*'],
  http: [
    'accounts',
    'fastify',
    'fastify-plugin',
    '@fastify/*',
    'pino',
    'prom-client',
    'rate-limiter-flexible',
    '@redis/client',
  ],
  'protocols/gomus': ['accounts', 'fastify', 'typebox'],
  'protocols/spaaza': ['accounts', 'fastify', 'typebox', 'fast-xml-parser', 'undici'],
  'protocols/admin': ['accounts', 'fastify', 'typebox'],
  jobs: ['accounts', 'mail', 'undici'],
  mail: ['accounts', 'nodemailer'],
  fake: ['fastify'],
  cli: ['*'],
};

/** The same for the files that are in no room. The first six put the house together. */
const ownArrows: Record<string, readonly string[]> = {
  'app.ts': ['*'],
  // Without HTTP: commands start without it.
  'compose-accounts.ts': ['config*', 'accounts', 'hashing', 'storage'],
  'compose-links.ts': ['*'],
  'demo.ts': ['*'],
  'main.ts': ['cli'],
  'prepare-database.ts': ['accounts', 'storage'],
  'release.ts': ['../package.json'],
  'config*': ['config*'],
};

/** Tests beside the files run on the real thing instead of a stand-in. */
const addedForTests = ['hashing', 'storage', 'vitest', 'fast-check'];

const matches = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));

function allowedFor({ path, room, isTest }: SourceFile): readonly string[] {
  const own = Object.entries(ownArrows).find(([pattern]) => matches(path, [pattern]))?.[1];
  const allowed = room === '.' ? own : arrows[room];
  if (allowed === undefined) throw new Error(`No rule says what src/${path} may import`);
  return isTest ? [...allowed, ...addedForTests] : allowed;
}

/** How the rules call what is imported: a package by its name, our own files by their room or, in none, by themselves. */
function ruleNameOf(target: string): string {
  if (!target.endsWith('.ts')) return target;
  const room = roomOf(target);
  return room === '.' ? target : room;
}

/** `path: what` for every finding in a file, so that a failure names all offenders at once. */
const findings = (among: readonly SourceFile[], find: (file: SourceFile) => readonly string[]): string[] =>
  among.flatMap((file) => find(file).map((found) => `${file.path}: ${found}`));

describe('the arrows', () => {
  it('lead where the rooms may look, and nowhere else', () => {
    const strays = findings(files, (file) => {
      const allowed = allowedFor(file);
      return file.imports.filter((target) => {
        const name = ruleNameOf(target);
        const isPackage = !target.endsWith('.ts');
        if (target.startsWith('node:') || name === file.room) return false;
        // Which packages a test brings in is its own affair.
        return !(matches(name, allowed) || (file.isTest && isPackage));
      });
    });
    expect(strays).toEqual([]);
  });

  it('never lead to what puts the house together, except from there', () => {
    const composition = [
      'app.ts',
      'compose-accounts.ts',
      'compose-links.ts',
      'demo.ts',
      'main.ts',
      'prepare-database.ts',
      'cli',
    ];
    const strays = findings(shipped, ({ path, imports, room }) =>
      composition.includes(room) || composition.includes(path)
        ? []
        : imports.filter((target) => composition.includes(ruleNameOf(target))),
    );
    expect(strays).toEqual([]);
  });

  it('are found at all', () => {
    const of = (path: string) => files.find((file) => file.path === path)!.imports;
    expect(files.length).toBeGreaterThan(100);
    expect(of('accounts/sign-in.ts')).toContain('accounts/session.ts');
    expect(of('storage/handle.ts')).toContain('accounts/errors.ts');
    expect(of('app.ts')).toContain('protocols/gomus/routes.ts');
    expect(of('main.ts')).toEqual(['cli/index.ts']);
    expect(of('cli/index.ts').some((target) => target.startsWith('cli/'))).toBe(true);
  });
});

describe('each thing in its place', () => {
  it('the dialect of the database is known to few files of its room, and to none of the domain or the wires', () => {
    const knowing = [
      'database.ts',
      'column-types.ts',
      'failures.ts',
      'sqlite.ts',
      'sqlite-schema.ts',
      'sqlite-lock.ts',
      'sqlite-checkpoint.ts',
      'sqlite-aside.ts',
      'sqlite-thread.ts',
      'postgres.ts',
      'postgres-schema.ts',
      'postgres-windows.ts',
    ];
    const rooms = Object.keys(arrows).filter((room) => room !== 'cli');
    const strays = findings(
      shipped.filter(({ path, room }) => rooms.includes(room) && !knowing.includes(path.replace('storage/', ''))),
      ({ code }) => code.match(/\w*(?:postgres|sqlite)\w*/gi) ?? [],
    );
    expect(strays).toEqual([]);
  });

  it('the domain knows no HTTP', () => {
    const strays = findings(
      shipped.filter(({ room }) => room === 'accounts'),
      ({ code }) => [
        ...(code.match(/(?<![\w.#_'%]|% )[1-5]\d\d(?![\w.])/g) ?? []).filter(
          (number) => number in STATUS_CODES && number !== '100',
        ),
        ...(code.match(/\b(?:statusCode|httpStatus|setHeader|request\.headers)\b/gi) ?? []),
      ],
    );
    expect(strays).toEqual([]);
  });

  it('no file or folder is a drawer for everything, and all are named in kebab-case', () => {
    const drawers = ['helpers', 'helper', 'utils', 'util', 'common', 'core', 'lib', 'services', 'misc', 'shared'];
    for (const { path } of files) {
      for (const part of [...path.split('/').slice(0, -1), stemOf(path)]) {
        expect(drawers, path).not.toContain(part);
        expect(part, path).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
      }
    }
  });

  it('a test lies beside the file it is about', () => {
    const stems = new Set(shipped.map(({ path }) => path.replace(/\.ts$/, '')));
    const about = ({ path }: SourceFile) => path.replace(/\.test\.ts$/, '');
    const orphans = files.filter((file) => file.isTest && !stems.has(about(file))).map(({ path }) => path);
    // One file has so many rules about its sources that they have a test of their own.
    expect(orphans).toEqual(['config-sources.test.ts']);
  });
});

describe('the shape of a file', () => {
  it('has at most 300 lines', () => {
    const long = findings(shipped, ({ text }) => {
      const lines = text.split('\n').length - 1;
      return lines > 300 ? [`${lines} lines`] : [];
    });
    expect(long).toEqual([]);
  });

  it('exports by name, each name where it is made', () => {
    expect(findings(shipped, ({ code }) => code.match(/^export (?:default|\*).*$/gm) ?? [])).toEqual([]);
  });

  it('exports no function, class or constant that only tests use', () => {
    const made = /^export (?:async )?(?:function|class|const) (\w+)/gm;
    const uses = (name: string, code: string) => code.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0;
    const allCode = [...shipped.map(({ code }) => code), ...['bench', 'scripts'].map(textOfFolder)].join('\n');
    const unused = findings(shipped, ({ code }) =>
      [...code.matchAll(made)].map(([, name]) => name!).filter((name) => uses(name, allCode) === 1),
    );
    expect(unused).toEqual([]);
  });

  it('does nothing when it is imported', () => {
    const calls = /^(?:await |void |new )?[a-zA-Z_$][\w$.]*\(.*$|^(?:if|for|while|try|switch)\b.*$|^await .*$/gm;
    const work =
      /^(?:export )?(?:const|let) .*=.*\b(?:await |setInterval|setTimeout|setImmediate|listen|connect|spawn|open\w*Sync|read\w*Sync|write\w*Sync|mk\w*Sync|process\.env|randomBytes)\b(?!.*=>).*$/gm;
    const doing = findings(
      shipped.filter(({ path }) => path !== 'main.ts'),
      ({ code }) => [...(code.match(calls) ?? []), ...(code.match(work) ?? [])],
    );
    expect(doing).toEqual([]);
  });

  it('loads what only some installations need when it is first needed', () => {
    // It imports the driver of PostgreSQL, and is itself imported by need.
    const driver = 'storage/postgres-driver.ts';
    const needed = /^import (?!type\b)[^;]*?from '(?:pg|undici|[./\w-]*\/postgres-driver\.ts)'/gm;
    const others = shipped.filter(({ path }) => path !== driver);
    expect(others).toHaveLength(shipped.length - 1);
    expect(findings(others, ({ code }) => code.match(needed) ?? [])).toEqual([]);
  });

  it('says above every function it exports what that does', () => {
    const undocumented = findings(shipped, ({ text }) => {
      const lines = text.split('\n');
      const seen = new Set<string>();
      return lines.flatMap((line, index) => {
        const name = exportedFunction(line);
        // Of an overloaded function the first signature carries the comment.
        if (name === undefined || seen.has(name)) return [];
        seen.add(name);
        return lines[index - 1]?.trim().endsWith('*/') ? [] : [name];
      });
    });
    expect(undocumented).toEqual([]);
  });

  it('has no comment that merely repeats a name', () => {
    const empty = findings(shipped, ({ text }) =>
      [...text.matchAll(/\/\*\*\s*([^*\n]*?)\s*\*\/\nexport (?:async )?(?:function|const) (\w+)/g)]
        .filter(([, comment = '', name = '']) => wordsOf(comment).join(' ') === wordsOf(name).join(' '))
        .map(([, , name = '']) => name),
    );
    expect(empty).toEqual([]);
  });
});

describe('reading the code', () => {
  it('takes comments out, and only comments', () => {
    expect(withoutComments("const a = 'https://x'; // why\n/* what\nnot */ const b = `/* kept */`;")).toBe(
      "const a = 'https://x'; \n\n const b = `/* kept */`;",
    );
  });
});

/** The sources directly in a folder of the project. */
function textOfFolder(folder: string): string {
  const root = join(import.meta.dirname, '..', folder);
  const names = readdirSync(root).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return names.map((name) => readFileSync(join(root, name), 'utf8')).join('\n');
}

/** The name of the function that a line exports, as a declaration or as an arrow. */
function exportedFunction(line: string): string | undefined {
  const declared = /^export (?:async )?function\*? (\w+)/.exec(line)?.[1];
  return declared ?? /^export const (\w+)[^=]*= (?:async )?(?:\(|<|\w+ =>)/.exec(line)?.[1];
}

function wordsOf(text: string): string[] {
  return (
    (text
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) as string[] | []) ?? []
  );
}
