import type { Actor, Scope } from './access.ts';
import { AccountError } from './errors.ts';
import { hashToken } from './session.ts';
import type { ApiKey, Store } from './store.ts';
import { Topology } from './topology.ts';

/** A key that lives in the configuration and not in the database: the demo's, and nothing else. */
export interface FixedKey {
  key: string;
  name: string;
  scopes: readonly Scope[];
}

interface Snapshot {
  revision: string;
  topology: Topology;
  keysByHash: ReadonlyMap<string, ApiKey>;
  maintenanceSince: string | undefined;
}

/**
 * What every request needs and hardly ever changes: topology, API keys, maintenance. Kept in memory and read again when
 * the stored revision moves, so that a change on one node reaches the others within the refresh interval (a second).
 */
export class Directory {
  readonly #watched: Store['watched'];
  readonly #fixedKeys: ReadonlyMap<string, Actor>;
  #snapshot: Snapshot | undefined;
  readonly #usedKeyIds = new Set<number>();

  constructor({ watched }: Pick<Store, 'watched'>, fixedKeys: readonly FixedKey[] = []) {
    this.#watched = watched;
    this.#fixedKeys = new Map(
      fixedKeys.map(({ key, name, scopes }) => [
        hashToken(key),
        { kind: 'partner', keyId: 0, name, scopes, websiteId: null } as const,
      ]),
    );
  }

  get topology(): Topology {
    return this.#loaded.topology;
  }

  /** When maintenance began (ISO 8601), or undefined while the doors are open. */
  get maintenanceSince(): string | undefined {
    return this.#loaded.maintenanceSince;
  }

  /** Reads everything again when the stored revision differs from the one in memory. */
  async refresh(): Promise<void> {
    const settings = await this.#watched.settings.readAll();
    const revision = settings.get('revision') ?? '';
    if (this.#snapshot?.revision === revision) return;
    const [data, keys] = [await this.#watched.topology.read(), await this.#watched.keys.list()];
    this.#snapshot = {
      revision,
      topology: new Topology(data),
      keysByHash: new Map(keys.filter((key) => key.revokedAt === null).map((key) => [key.keyHash, key])),
      maintenanceSince: settings.get('maintenance_since'),
    };
  }

  /** Who presents this API key. Synchronous and one SHA-256. Throws `key_unknown` for an unknown or revoked key. */
  partnerByKey(key: string): Extract<Actor, { kind: 'partner' }> {
    const digest = hashToken(key);
    const fixed = this.#fixedKeys.get(digest);
    if (fixed?.kind === 'partner') return fixed;
    const found = this.#loaded.keysByHash.get(digest);
    if (found === undefined) throw new AccountError('key_unknown');
    this.#usedKeyIds.add(found.id);
    return { kind: 'partner', keyId: found.id, name: found.name, scopes: found.scopes, websiteId: found.websiteId };
  }

  /** Ids of the keys presented since the last call; for the record of last use. */
  takeUsedKeyIds(): number[] {
    const ids = [...this.#usedKeyIds];
    this.#usedKeyIds.clear();
    return ids;
  }

  get #loaded(): Snapshot {
    if (this.#snapshot === undefined) throw new Error('The directory was used before its first refresh');
    return this.#snapshot;
  }
}
