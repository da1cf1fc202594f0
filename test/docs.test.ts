import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainEntries, settingEntries } from '../src/config-table.ts';
import { AsOfAnswer, CustomerAnswer, HistoryAnswer } from '../src/protocols/admin/schemas.ts';
import { CustomerShape } from '../src/protocols/gomus/schemas.ts';
import { MagentoCustomer, UserInfo } from '../src/protocols/spaaza/schemas.ts';
import { bundledBinary, type Served } from './cli/run-foyer.ts';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', 'ARCHITECTURE.md', ...markdownUnder('docs'), ...markdownUnder('src')].filter((page) =>
  existsSync(join(root, page)),
);

describe('the documentation', () => {
  const foyer = bundledBinary();

  // A demo for each page and its examples from top to bottom: some of them change what later ones show. They are for a
  // shell with curl, and where there is none they cannot be tried.
  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  const withExamples = pages.filter((page) => examplesOf(page).length > 0);
  describe.each(withExamples)('in %s', (page) => {
    let demo: Served;
    beforeAll(async () => {
      demo = await foyer.serve('demo');
    });
    afterAll(async () => {
      demo.kill('SIGTERM');
      await demo.ended;
    });

    it.skipIf(!hasCurl).each(examplesOf(page))(
      'prints what the command in line $line answers',
      ({ command, expected }) => {
        const here = command.replaceAll('http://127.0.0.1:8080', demo.url);
        const answer = execFileSync('bash', ['-c', here], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          timeout: 20_000,
        });
        expect(compact(answer)).toMatch(patternOf(expected));
      },
    );
  });

  it('has examples on the pages that promise them', () => {
    expect(withExamples).toEqual(expect.arrayContaining(['docs/gomus.md', 'docs/spaaza.md', 'docs/admin-api.md']));
  });

  it.each(pages)('links from %s to files and headings that exist', (page) => {
    const broken = linksOf(page).filter(({ file, heading }) => {
      if (!existsSync(join(root, file))) return true;
      return heading !== undefined && !headingsOf(file).includes(heading);
    });
    expect(
      broken.map(({ target }) => target),
      'no such file or heading',
    ).toEqual([]);
  });

  it('says of every member of every documented shape how far it is compatible', () => {
    const text = read('docs/compatibility.md');
    const names = [CustomerShape, UserInfo, MagentoCustomer].flatMap(membersOf);
    const missing = names.filter((name) => !text.includes(`\`${name}\``));
    expect(missing, 'say in docs/compatibility.md how far these are compatible').toEqual([]);
  });

  it('explains every member that the admin API shows', () => {
    const text = read('docs/admin-api.md');
    const names = [CustomerAnswer, HistoryAnswer, AsOfAnswer].flatMap(membersOf);
    const missing = names.filter((name) => !text.includes(`\`${name}\``));
    expect(missing, 'explain these in docs/admin-api.md').toEqual([]);
  });

  it('names every endpoint and every metric of the running server', async () => {
    const demo = await foyer.serve('demo');
    const openapi = (await (await fetch(`${demo.url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const metrics = await (await fetch(`${demo.url}/metrics`)).text();
    demo.kill('SIGTERM');
    await demo.ended;

    const endpoints = Object.entries(openapi.paths)
      .filter(([path]) => /^\/(?:api|rest)\//.test(path))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    const compatibility = read('docs/compatibility.md');
    const unnamed = endpoints.filter((endpoint) => !compatibility.includes(`\`${endpoint}\``));
    expect(unnamed, 'add these to the endpoints of docs/compatibility.md').toEqual([]);
    const ours = Object.keys(openapi.paths).filter((path) => path.startsWith('/admin/'));
    expect(ours).not.toHaveLength(0);
    const unexplained = ours.filter((path) => !read('docs/admin-api.md').includes(`\`GET ${path}\``));
    expect(unexplained, 'add these to docs/admin-api.md').toEqual([]);

    const names = [...metrics.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!);
    const operations = read('docs/operations.md');
    const unwatched = names.filter((name) => !operations.includes(`\`${name}\``));
    expect(unwatched, 'add these to docs/operations.md, Metrics').toEqual([]);
  });

  it.each(pages)('speaks in %s of no setting that does not exist', (page) => {
    const known = settingEntries().flatMap(([, { env }]) => [env, `${env}_FILE`]);
    const families = chainEntries().map(([, { prefix }]) => prefix);
    const named = [...read(page).matchAll(/\bFOYER_[A-Z][A-Z_]*[A-Z](?:_(?=<|\d))?/g)].map(([name]) => name);
    const unknown = named.filter(
      (name) => !known.includes(name) && !families.includes(name) && !name.startsWith('FOYER_TEST_'),
    );
    expect(unknown, 'no entry of src/config-table.ts has these names').toEqual([]);
  });
});

/** One command of a page and the text that is printed under it. */
interface Example {
  /** Line of the page in which the command begins. */
  line: number;
  command: string;
  expected: string;
}

/**
 * The examples in fences of the language `console`: a command begins with `$ ` and goes on where a line ends in a
 * backslash; what follows up to the next command is what it answers, in which `…` stands for anything.
 */
function examplesOf(page: string): Example[] {
  const examples: Example[] = [];
  let fence: string | undefined;
  let isCommand = false;
  for (const [index, line] of read(page).split('\n').entries()) {
    if (line.startsWith('```')) {
      fence = fence === undefined ? line.slice(3).trim() : undefined;
      continue;
    }
    if (fence !== 'console') continue;
    const last = examples.at(-1);
    if (line.startsWith('$ ')) examples.push({ line: index + 1, command: line.slice(2), expected: '' });
    else if (last !== undefined && isCommand) last.command += `\n${line}`;
    else if (last !== undefined) last.expected += `${line}\n`;
    isCommand = (line.startsWith('$ ') || isCommand) && line.endsWith('\\');
  }
  return examples;
}

/** JSON is compared by its members and their order, other text by its lines. */
function compact(text: string): string {
  const trimmed = text.replaceAll('\r\n', '\n').trim();
  try {
    return JSON.stringify(JSON.parse(trimmed));
  } catch {
    return trimmed;
  }
}

function patternOf(expected: string): RegExp {
  const literals = compact(expected)
    .split('…')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${literals.join('.*')}$`, 's');
}

function linksOf(page: string): { target: string; file: string; heading: string | undefined }[] {
  const prose = read(page).replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', heading] = target.split('#');
      return { target, file: path === '' ? page : normalize(join(dirname(page), path)), heading };
    });
}

/** Headings as links name them: lower case, punctuation dropped, hyphens for spaces. */
function headingsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Names of an object schema's members, those of nested objects included. */
function membersOf(schema: object): string[] {
  const { properties, items } = schema as { properties?: Record<string, object>; items?: object };
  if (items !== undefined) return membersOf(items);
  return Object.entries(properties ?? {}).flatMap(([name, member]) => [name, ...membersOf(member)]);
}

function markdownUnder(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(folder, file))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
