import type { Scope } from '../accounts/access.ts';
import type { ApiKey } from '../accounts/store.ts';
import type { Handle } from './handle.ts';

/** All keys by id, revoked ones included. */
export async function list(handle: Handle): Promise<ApiKey[]> {
  const rows = await handle.run(handle.db.selectFrom('api_keys').selectAll().orderBy('id').compile());
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    keyHash: row.key_hash,
    scopes: JSON.parse(row.scopes) as Scope[],
    websiteId: row.website_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }));
}

/** Writes a key and gives its id. Throws UniqueViolation when the same secret is there already. */
export async function insert(handle: Handle, key: Omit<ApiKey, 'id'>): Promise<number> {
  const rows = await handle.run(
    handle.db
      .insertInto('api_keys')
      .values({
        name: key.name,
        key_hash: key.keyHash,
        scopes: JSON.stringify(key.scopes),
        website_id: key.websiteId,
        created_at: key.createdAt,
        last_used_at: key.lastUsedAt,
        revoked_at: key.revokedAt,
      })
      .returning('id')
      .compile(),
  );
  return rows[0]!.id;
}

/** False when there is no such key or it was revoked before. */
export async function revoke(handle: Handle, id: number, revokedAt: string): Promise<boolean> {
  const rows = await handle.run(
    handle.db
      .updateTable('api_keys')
      .set({ revoked_at: revokedAt })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('id')
      .compile(),
  );
  return rows.length > 0;
}

/** Notes when a key was last presented. */
export async function touch(handle: Handle, id: number, lastUsedAt: string): Promise<void> {
  await handle.run(handle.db.updateTable('api_keys').set({ last_used_at: lastUsedAt }).where('id', '=', id).compile());
}
