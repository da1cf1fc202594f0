import { quote } from './config-kinds.ts';
import type { ChainSetting } from './config-setting.ts';
import { chainEntries, settingEntries } from './config-table.ts';

/** Behind any variable's name: the variable that holds the path of a file with the value. */
export const FILE_SUFFIX = '_FILE';

const PREFIX = 'FOYER_';
/** Left to the project's own tests. */
const TEST_PREFIX = 'FOYER_TEST_';

/** Chain ids in the names of a family's variables, each once. A name with anything but an id is an unknown name. */
export function chainIdsOf(env: NodeJS.ProcessEnv, family: ChainSetting<unknown>): Set<string> {
  const ids = namesSet(env)
    .filter((name) => name.startsWith(family.prefix))
    .map((name) => withoutFileSuffix(name).slice(family.prefix.length));
  // No leading zeros, so that two variables cannot mean one chain; fifteen digits are exact as a number.
  return new Set(ids.filter((id) => /^[1-9]\d{0,14}$/.test(id)));
}

/**
 * One sentence for each `FOYER_…` variable that means nothing, with the name that was probably meant. Values stay out of
 * it: one may be a secret under a misspelt name.
 */
export function describeUnknownNames(env: NodeJS.ProcessEnv): string[] {
  const known = new Set(settingEntries().map(([, setting]) => setting.env));
  for (const [, family] of chainEntries()) {
    for (const chainId of chainIdsOf(env, family)) known.add(family.prefix + chainId);
  }
  return namesSet(env)
    .filter((name) => !name.startsWith(TEST_PREFIX) && !known.has(withoutFileSuffix(name)))
    .map((name) => {
      const nearest = nearestName(withoutFileSuffix(name));
      const suffix = name.endsWith(FILE_SUFFIX) ? FILE_SUFFIX : '';
      const shown = /^\w+$/.test(name) ? name : quote(name);
      return `${shown} is unknown${nearest === undefined ? '' : `; did you mean ${nearest}${suffix}?`}`;
    });
}

function namesSet(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => name.startsWith(PREFIX) && env[name] !== undefined);
}

function withoutFileSuffix(name: string): string {
  return name.endsWith(FILE_SUFFIX) ? name.slice(0, -FILE_SUFFIX.length) : name;
}

function nearestName(name: string): string | undefined {
  const families = chainEntries().map(([, family]) => family.prefix);
  const family = families.find((prefix) => name.startsWith(prefix));
  if (family !== undefined) return `${family}<chain id>`;
  // A misspelt family is compared with the id it was given, so that the digits do not count as mistakes.
  const chainId = /[1-9]\d*$/.exec(name)?.[0] ?? '<chain id>';
  const names = [...settingEntries().map(([, setting]) => setting.env), ...families.map((prefix) => prefix + chainId)];
  let nearest = names.find((candidate) => name.length > PREFIX.length && candidate.startsWith(name));
  let limit = Math.max(2, Math.floor((name.length - PREFIX.length) / 3)) + 1;
  for (const candidate of names) {
    if (Math.abs(candidate.length - name.length) >= limit) continue;
    const distance = editDistance(name.toUpperCase(), candidate);
    if (distance < limit) [nearest, limit] = [candidate, distance];
  }
  return nearest;
}

/** Insertions, deletions and replacements of one character that make one text the other. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
