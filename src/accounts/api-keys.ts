import { type Scope, scopes } from './access.ts';
import type { AccountDeps } from './deps.ts';
import { AccountError, type Problem, refuseIfAny } from './errors.ts';
import { hashToken, mintToken } from './session.ts';
import type { ApiKey } from './store.ts';

/**
 * Makes an API key and gives its text, the only time it is ever shown: only a digest is kept. Throws
 * `validation_failed` for an unknown scope, no scope, a blank name or an unknown website code.
 */
export async function createKey(
  deps: AccountDeps,
  input: { name: string; scopes: readonly string[]; websiteCode?: string },
): Promise<{ id: number; key: string }> {
  const problems: Problem[] = [];
  if (input.name.trim() === '') problems.push({ field: 'name', rule: 'blank' });
  if (input.scopes.length === 0) problems.push({ field: 'scopes', rule: 'blank' });
  for (const scope of input.scopes) {
    if (!scopes.includes(scope as Scope)) problems.push({ field: 'scopes', rule: 'unknown', value: scope });
  }
  const { websiteCode } = input;
  const website = websiteCode === undefined ? null : deps.directory.topology.websiteByCode(websiteCode);
  if (website === undefined) problems.push({ field: 'website', rule: 'unknown', value: websiteCode });
  refuseIfAny(problems);
  const key = `foyer_${mintToken()}`;
  const id = await deps.store.transaction(async (store) => {
    await store.settings.next('revision');
    return store.keys.insert({
      name: input.name.trim(),
      keyHash: hashToken(key),
      scopes: [...new Set(input.scopes)] as Scope[],
      websiteId: website?.id ?? null,
      createdAt: deps.now(),
      lastUsedAt: null,
      revokedAt: null,
    });
  });
  return { id, key };
}

/** Every key ever made, revoked ones included; the texts are not known any more. */
export async function listKeys(deps: AccountDeps): Promise<ApiKey[]> {
  return deps.store.keys.list();
}

/** Ends a key on all nodes within the directory's refresh. Throws `key_unknown` when there is no such live key. */
export async function revokeKey(deps: AccountDeps, input: { id: number }): Promise<void> {
  const isRevoked = await deps.store.transaction(async (store) => {
    await store.settings.next('revision');
    return store.keys.revoke(input.id, deps.now());
  });
  if (!isRevoked) throw new AccountError('key_unknown');
}

/** Writes down which keys were used since the last call. Run now and then: a write per request would be too dear. */
export async function recordKeyUse(deps: AccountDeps): Promise<void> {
  const ids = deps.directory.takeUsedKeyIds();
  if (ids.length === 0) return;
  const now = deps.now();
  await deps.store.transaction(async (store) => {
    for (const id of ids) await store.keys.touch(id, now);
  });
}
