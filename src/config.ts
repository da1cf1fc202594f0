import { readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import { quote, type SpaazaCredential } from './config-kinds.ts';
import { chainIdsOf, describeUnknownNames, FILE_SUFFIX } from './config-names.ts';
import type { ChainSetting, Mode, Setting } from './config-setting.ts';
import { chainEntries, settingEntries, type settings } from './config-table.ts';

export interface ChainConfig {
  readonly credential?: SpaazaCredential;
  /** Without a slash at its end. */
  readonly apiUrl?: string;
  /** Any of them may have signed a webhook. */
  readonly webhookSecrets?: readonly string[];
}

type ValueOf<Entry> = Entry extends Setting<infer Value> ? Value : never;

/** All settings as plain values, frozen to the bottom; their meaning is in config-table.ts. */
export type Config = { readonly [Key in keyof typeof settings]: ValueOf<(typeof settings)[Key]> } & {
  /** By chain id; holds the chains of which anything is set. */
  readonly spaaza: Readonly<Record<number, ChainConfig>>;
};

/** Everything that is wrong with the configuration; the message has a line for each fault, without secrets. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    super(`The configuration has ${count}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** What a setting is read by: a Setting, or a ChainSetting with the name that it has for one chain. */
type Readable = Pick<Setting<unknown>, 'env' | 'kind' | 'unit' | 'isSecret'>;

/**
 * Reads the settings from environment variables and the files that `<variable>_FILE` names. A variable that is set but
 * empty is a fault: a substitution that failed must not end in a default. Throws ConfigError with all faults at once.
 */
export function loadConfig(env: NodeJS.ProcessEnv, mode: Mode): Config {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of settingEntries()) {
    const source = readSource(env, setting, faults);
    values[key] = source ? parse(setting, source, faults) : defaultOf(setting, mode);
    if (key === 'host' && mode === 'demo' && typeof values[key] === 'string' && !isLoopback(values[key])) {
      const given = show(setting, values[key]);
      faults.push(`${source?.name} is ${given}, but the demo binds to loopback only: 127.0.0.1, ::1 or localhost`);
    }
  }
  if (typeof values.databaseReadUrl === 'string' && String(values.databaseUrl).startsWith('sqlite:')) {
    faults.push('FOYER_DATABASE_READ_URL is set, but only PostgreSQL has replicas, and FOYER_DATABASE_URL is SQLite');
  }
  values.spaaza = readChains(env, faults);
  faults.push(...describeUnknownNames(env));
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(values) as Config;
}

/** One line per setting in effect, as `NAME=value`, with secrets as `***` and the password of the database URL masked. */
export function describeConfig(config: Config): string {
  const line = (setting: Readable, value: unknown) => {
    const text = value === undefined ? '' : setting.kind.print(value);
    return `${setting.env}=${text === '' ? '(not set)' : hide(setting, text)}`;
  };
  const lines = settingEntries().map(([key, setting]) => line(setting, config[key]));
  for (const [chainId, chain] of Object.entries(config.spaaza)) {
    for (const [key, family] of chainEntries()) {
      if (chain[key] !== undefined) lines.push(line(forChain(family, chainId), chain[key]));
    }
  }
  return lines.join('\n');
}

interface Source {
  /** The variable that gave the text: the setting's own or its `_FILE`. */
  name: string;
  text: string;
}

function readSource(env: NodeJS.ProcessEnv, setting: Readable, faults: string[]): Source | undefined {
  const fileVariable = setting.env + FILE_SUFFIX;
  const text = env[setting.env];
  const path = env[fileVariable];
  if (path === undefined) return text === undefined ? undefined : { name: setting.env, text };
  if (text !== undefined) {
    faults.push(
      `${setting.env} and ${fileVariable} are both set (${show(setting, text)}), but only one of them may be`,
    );
    return undefined;
  }
  try {
    const content = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    return { name: fileVariable, text: content.replace(/\r?\n$/, '') };
  } catch (error) {
    // A secret that was put here itself instead of its path must not be printed either.
    const given =
      path === '' ? 'empty' : setting.isSecret && !isAbsolute(path) && !path.startsWith('.') ? '***' : quote(path);
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    faults.push(`${fileVariable} is ${given}, but must be the path of a readable UTF-8 file (${reason})`);
    return undefined;
  }
}

function parse(setting: Readable, { name, text }: Source, faults: string[]): unknown {
  const value = setting.kind.parse(text);
  if (value === undefined) {
    const unit = setting.unit === undefined ? '' : ` (${setting.unit})`;
    const given = text === '' ? 'empty' : show(setting, text);
    faults.push(`${name} is ${given}, but must be ${setting.kind.allowed}${unit}`);
  }
  return value;
}

function defaultOf(setting: Setting<unknown>, mode: Mode): unknown {
  return typeof setting.default === 'function' ? setting.default(mode) : setting.default;
}

function readChains(env: NodeJS.ProcessEnv, faults: string[]): Record<string, Record<string, unknown>> {
  const chains: Record<string, Record<string, unknown>> = {};
  for (const [key, family] of chainEntries()) {
    for (const chainId of chainIdsOf(env, family)) {
      const setting = forChain(family, chainId);
      const source = readSource(env, setting, faults);
      const value = source && parse(setting, source, faults);
      if (value !== undefined) chains[chainId] = { ...chains[chainId], [key]: value };
    }
  }
  return chains;
}

function isLoopback(host: string): boolean {
  const version = isIP(host);
  if (version === 0) return host.toLowerCase() === 'localhost';
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8, 'ipv4');
  loopback.addAddress('::1', 'ipv6');
  return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function forChain(family: ChainSetting<unknown>, chainId: string): Readable {
  return { ...family, env: family.prefix + chainId };
}

function hide({ kind, isSecret }: Readable, text: string): string {
  if (kind.mask) return kind.mask(text);
  return isSecret ? '***' : text;
}

function show(setting: Readable, text: string): string {
  const hidden = hide(setting, text);
  return hidden === '***' ? hidden : quote(hidden);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
