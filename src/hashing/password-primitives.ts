import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import type { PasswordPrimitives } from '../accounts/password.ts';

/** `Algorithm.Argon2id`; the package declares it as a const enum, which a single-file compiler cannot read. */
const ARGON2ID = 2;

/**
 * The password functions over native code, each call on libuv's thread pool. A malformed hash is a `false`, not an
 * error. Stored parameters are obeyed as they are: bound them first, a crafted memory cost ends the process.
 */
export function createPasswordPrimitives(): PasswordPrimitives {
  return {
    hashArgon2id: (password) =>
      argon2.hash(Buffer.from(password), {
        algorithm: ARGON2ID,
        memoryCost: 19_456,
        timeCost: 2,
        parallelism: 1,
        outputLen: 32,
      }),

    async verifyArgon2id(phc, password) {
      try {
        return await argon2.verify(phc, Buffer.from(password));
      } catch (error) {
        if (isInvalidArgument(error)) return false;
        throw error;
      }
    },

    rawArgon2id: (input, salt, options) =>
      argon2.hashRaw(Buffer.from(input), {
        algorithm: ARGON2ID,
        salt,
        memoryCost: options.memoryKib,
        timeCost: options.passes,
        parallelism: 1,
        outputLen: options.outputBytes,
      }),

    // Answers false to a malformed hash by itself, and reads 72 bytes of the password as Devise does.
    verifyBcrypt: (hash, password) => bcrypt.verify(Buffer.from(password), hash),
  };
}

/** How the package reports a PHC string it cannot read. */
function isInvalidArgument(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'InvalidArg';
}
