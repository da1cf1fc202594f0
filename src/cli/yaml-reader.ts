import {
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import { closestWord } from './closest-word.ts';

const maxBytes = 1024 * 1024;
const maxDepth = 20;
const maxAliasCount = 50;
const maxSyntaxFaults = 10;

/** A node of the file and the path that names it in a fault. */
export interface Place {
  node: unknown;
  path: string;
}

interface Kinds {
  number: number;
  text: string;
  flag: boolean;
  numbers: number[];
  texts: string[];
}
type Kind = keyof Kinds;

/** The keys of a mapping and what each holds; `?` marks those that may be left out. */
export type Shape = Record<string, Kind | `${Kind}?`>;
export type ValuesOf<S extends Shape> = {
  [Key in keyof S]: S[Key] extends Kind
    ? Kinds[S[Key]]
    : S[Key] extends `${infer Optional extends Kind}?`
      ? Kinds[Optional] | undefined
      : never;
};

/**
 * Reads a YAML text by shape and collects every fault with its line instead of stopping at the first. Custom tags,
 * several documents, more than 1 MiB, deep nesting and alias bombs are faults. A value that has a fault reads as
 * undefined whatever its type says, so nothing read may be used while `faults` is not empty.
 */
export class YamlReader {
  readonly #document: Document | undefined;
  readonly #aliased = new Map<unknown, Node>();
  readonly #lineCounter = new LineCounter();
  readonly #lines = new Map<string, number>();
  readonly #faults: { line: number; text: string }[] = [];

  constructor(text: string) {
    if (Buffer.byteLength(text) > maxBytes) {
      this.#faults.push({ line: 1, text: `the file is larger than ${maxBytes / 1024} KiB` });
    } else if (nestsTooDeeply(text)) {
      this.#faults.push({ line: 1, text: `the file nests more than ${maxDepth} levels deep` });
    } else {
      this.#document = this.#load(text);
    }
  }

  /** Every fault so far as `line 3: stores[0].locale: …`, in the order of the file. */
  get faults(): string[] {
    const inOrder = this.#faults.toSorted((one, other) => one.line - other.line);
    return inOrder.map(({ line, text }) => `line ${line}: ${text}`);
  }

  get root(): Place {
    return { node: this.#document?.contents, path: '' };
  }

  /** Notes a fault at a path; a path that the file does not have counts as being where its parent is. */
  fault(path: string, message: string): void {
    this.#faults.push({ line: this.lineOf(path) ?? 1, text: path === '' ? message : `${path}: ${message}` });
  }

  /** The line, from 1, of a path such as `stores[0].hosts[1]` or of the nearest parent that the file has. */
  lineOf(path: string): number | undefined {
    const parent = path.replace(/(?:^|\.)[^.[\]]*$|\[\d+\]$/, '');
    return this.#lines.get(path) ?? (parent === path ? undefined : this.lineOf(parent));
  }

  /** The values of a mapping. A key without a value counts as left out. */
  fields<S extends Shape>(place: Place, shape: S): ValuesOf<S> {
    const pairs = this.entries(place, Object.keys(shape));
    const values: Record<string, unknown> = {};
    for (const [key, kind] of Object.entries(shape)) {
      const found = pairs.get(key);
      if (found !== undefined) values[key] = this.#value(found, kind.replace('?', '') as Kind);
      else if (!kind.endsWith('?')) this.fault(place.path, `${key} is missing`);
    }
    return values as ValuesOf<S>;
  }

  /** What stands under the keys of a mapping; keys without a value are left out, unknown keys are faults. */
  entries(place: Place, knownKeys: readonly string[]): Map<string, Place> {
    const found = new Map<string, Place>();
    const node = this.#resolved(place);
    if (!isMap(node)) {
      this.fault(place.path, `must be a mapping with the keys ${knownKeys.join(', ')}`);
      return found;
    }
    for (const { key: keyNode, value } of node.items) {
      const key = String(isScalar(keyNode) ? keyNode.value : keyNode);
      const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
      const entry = { node: value, path: place.path === '' ? name : `${place.path}.${name}` };
      this.#note(entry.path, isNode(value) ? value : keyNode);
      if (!knownKeys.includes(key)) this.fault(entry.path, `unknown key${suggestion(key, knownKeys)}`);
      else if (!isEmpty(this.#resolved(entry))) found.set(key, entry);
    }
    return found;
  }

  /** The items of a list. */
  items(place: Place): Place[] {
    const node = this.#resolved(place);
    if (!isSeq(node)) {
      this.fault(place.path, 'must be a list');
      return [];
    }
    return node.items.map((item, index) => {
      const path = `${place.path}[${index}]`;
      this.#note(path, item);
      return { node: item, path };
    });
  }

  #value(place: Place, kind: Kind): unknown {
    if (kind === 'numbers') return this.items(place).map((item) => this.#value(item, 'number'));
    if (kind === 'texts') return this.items(place).map((item) => this.#value(item, 'text'));
    const node = this.#resolved(place);
    const value = isScalar(node) ? node.value : undefined;
    if (kind === 'number') {
      if (Number.isSafeInteger(value)) return value;
      this.fault(place.path, 'must be a whole number');
    } else if (kind === 'flag') {
      if (typeof value === 'boolean') return value;
      this.fault(place.path, 'must be true or false');
    } else {
      if (typeof value === 'string') return value;
      this.fault(place.path, isScalar(node) && !isEmpty(node) ? 'must be text; put it in quotes' : 'must be text');
    }
    return undefined;
  }

  #resolved({ node }: Place): unknown {
    return isAlias(node) ? this.#aliased.get(node) : node;
  }

  #note(path: string, node: unknown): void {
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) this.#lines.set(path, this.#lineCounter.linePos(offset).line);
  }

  #load(text: string): Document | undefined {
    const document = parseDocument(text, {
      lineCounter: this.#lineCounter,
      logLevel: 'error',
      prettyErrors: false,
      resolveKnownTags: false,
      stringKeys: true,
    });
    this.#note('', document.contents);
    // An unresolved tag is only a warning to the parser, but the value would not be what its author meant.
    for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, maxSyntaxFaults)) {
      this.#faults.push({ line: this.#lineCounter.linePos(pos[0]).line, text: message });
    }
    if (this.#faults.length > 0) return undefined;
    if (isEmpty(document.contents)) this.fault('', 'the file is empty');
    this.#followAliases(document);
    try {
      // Nothing is read from this; it counts what the aliases would expand to.
      document.toJS({ maxAliasCount });
    } catch (error) {
      this.fault('', (error as Error).message);
    }
    return document;
  }

  /** One pass for all: the library would walk the whole document for every alias. */
  #followAliases(document: Document): void {
    const anchored = new Map<string, Node>();
    visit(document, {
      Node: (_key, node) => {
        const target = isAlias(node) ? anchored.get(node.source) : undefined;
        if (target !== undefined) this.#aliased.set(node, target);
        else if (!isAlias(node) && node.anchor !== undefined) anchored.set(node.anchor, node);
      },
    });
  }
}

function isEmpty(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** Ends a fault about a word that is not known with the one that was probably meant. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const meant = closestWord(word, candidates);
  if (meant !== undefined) return `, did you mean ${meant}?`;
  return candidates.length === 0 ? '' : ` (known: ${candidates.slice(0, 20).join(', ')})`;
}

/** The parser proper keeps a stack of its own; what comes after it recurses and could bring the process down. */
function nestsTooDeeply(text: string): boolean {
  const pending: { token: CST.Token | null | undefined; depth: number }[] = [];
  for (const token of new Parser().parse(text)) pending.push({ token, depth: 0 });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next;
    if (depth > maxDepth) return true;
    if (token?.type === 'document') pending.push({ token: token.value, depth });
    if (token === null || token === undefined || !('items' in token)) continue;
    for (const { key, value } of token.items) {
      pending.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 });
    }
  }
  return false;
}
