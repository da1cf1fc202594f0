import { createHash } from 'node:crypto';
import { normalizeEmail } from './email.ts';
import type { Reads } from './store.ts';

/** What a late update of the platform may know an erased person by. */
export interface Marks {
  spaazaUserId?: number;
  /** Our own id, as the platform knows it. */
  customerId?: number;
  email?: string;
}

/** Stands for an e-mail, in any spelling, that must not be kept itself; hex digits. */
export function tombstoneDigest(email: string): string {
  return createHash('sha256')
    .update(`tombstone:${normalizeEmail(email)}`)
    .digest('hex');
}

/**
 * Tells whether a person was erased here: by the platform's id or our own; by e-mail only when the platform gives no id,
 * because with another id it is somebody who began anew.
 */
export async function isErased(
  { tombstones }: Reads,
  chainId: number,
  { spaazaUserId, customerId, email }: Marks,
): Promise<boolean> {
  const found =
    (spaazaUserId === undefined ? undefined : await tombstones.findByUserId(chainId, spaazaUserId)) ??
    (customerId === undefined ? undefined : await tombstones.find(chainId, customerId)) ??
    (spaazaUserId !== undefined || email === undefined
      ? undefined
      : await tombstones.findByEmail(chainId, tombstoneDigest(email)));
  return found !== undefined;
}
