import { checkPassword, type PasswordHashing, type PasswordPrimitives } from '../accounts/password.ts';
import type { HashQueue } from './hash-queue.ts';

/**
 * Puts every password check and every new hash behind one queue, one slot each. A check keeps its slot for the
 * upgrade hash too, so a sign-in never waits in line twice.
 */
export function createPasswordHashing(options: {
  queue: HashQueue;
  primitives: PasswordPrimitives;
  /** Appended to passwords that are checked against bcrypt hashes. */
  pepper?: string;
}): PasswordHashing {
  const { queue, primitives, pepper } = options;
  return {
    check: (password, storedHash, admit, onWrong) =>
      queue.run(async () => {
        const check = await checkPassword(primitives, password, storedHash, { pepper });
        if (!check.isCorrect) await onWrong?.();
        return check;
      }, admit),
    hash: (password) => queue.run(() => primitives.hashArgon2id(password)),
  };
}
