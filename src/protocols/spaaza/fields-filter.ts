/** Wanted member names; a nested tree says which of that member's own members are wanted, `true` means all. */
export type FieldsTree = ReadonlyMap<string, FieldsTree | true>;

type GrowingTree = Map<string, FieldsTree | true>;

/**
 * Reads the `fields` query parameter, such as `email,addresses[city]`. Undefined, `''` and `'0'` ask for no filter and
 * give undefined. Characters outside word characters, brackets and commas, or brackets that do not pair up, give an
 * empty tree, which matches nothing. Source: magento-webapi 1.8.
 */
export function parseFieldsFilter(text: string | undefined): FieldsTree | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (!/^[\w[\],]+$/.test(text)) return new Map();

  let current: GrowingTree = new Map();
  let lastName = '';
  const outer: { tree: GrowingTree; name: string }[] = [];
  for (const token of text.match(/\w+|[[\]]/g) ?? []) {
    if (token === '[') {
      outer.push({ tree: current, name: lastName });
      current = new Map();
    } else if (token === ']') {
      const enclosing = outer.pop();
      if (enclosing === undefined) return new Map();
      // Empty brackets do not narrow: `addresses[]` is `addresses`.
      if (current.size > 0 && enclosing.name !== '') enclosing.tree.set(enclosing.name, current);
      current = enclosing.tree;
    } else {
      current.set(token, true);
      lastName = token;
    }
  }
  return outer.length > 0 ? new Map() : current;
}

/**
 * Keeps only the wanted members, in the answer's own order; a list is filtered element by element, scalars stay.
 * `tree` undefined leaves everything. An object that keeps nothing becomes `[]`, as an empty PHP array does, and so does
 * the whole answer when nothing in it was asked for. Source: magento-webapi 1.8.
 */
export function applyFieldsFilter(value: unknown, tree: FieldsTree | undefined): unknown {
  if (tree === undefined || typeof value !== 'object' || value === null) return value;
  if (tree.size === 0) return [];
  if (Array.isArray(value)) return value.map((item) => applyFieldsFilter(item, tree));
  const kept: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const wanted = tree.get(name);
    if (wanted !== undefined) kept.push([name, wanted === true ? member : applyFieldsFilter(member, wanted)]);
  }
  return kept.length === 0 ? [] : Object.fromEntries(kept);
}
