import type { Kind } from './config-kinds.ts';

/** `serve` for real, `demo` with made-up data on this machine only, `tool` for commands that end by themselves. */
export type Mode = 'serve' | 'demo' | 'tool';

/** One setting: `env` may also be given as `<env>_FILE`, the path of a file that holds the value. */
export interface Setting<T> {
  env: string;
  kind: Kind<T>;
  /** A function where the machine or the mode decides; `defaultDoc` then says it in words. */
  default: T | ((mode: Mode) => T);
  defaultDoc?: string;
  unit?: string;
  doc: string;
  /** Shown as `***`, or as its kind masks it. */
  isSecret?: boolean;
}

/** A family of variables, one per Spaaza chain: `prefix` and the chain's id. */
export interface ChainSetting<T> {
  prefix: string;
  kind: Kind<T>;
  doc: string;
  isSecret?: boolean;
}

/** Ties the types together: the default must be what the kind gives. */
export function setting<T>(
  entry: Omit<Setting<T>, 'default'> & { default: NoInfer<Setting<T>['default']> },
): Setting<T> {
  return entry;
}

/** The same for a setting that may be left without a value. */
export function optional<T>(
  entry: Omit<Setting<T>, 'default'> & Pick<Setting<T | undefined>, 'default'>,
): Setting<T | undefined> {
  return entry as Setting<T | undefined>;
}
