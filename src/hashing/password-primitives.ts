import type { PasswordPrimitives } from '../accounts/password.ts';
import type { HashCall } from './hash-threads.ts';

/** `Algorithm.Argon2id`; the package declares it as a const enum, which a single-file compiler cannot read. */
const ARGON2ID = 2;

/** Parameters of new hashes. */
export const argon2idOptions = {
  algorithm: ARGON2ID,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  outputLen: 32,
} as const;

/**
 * The password functions over native code, each call on one of `threads`. A malformed hash is a `false`, not an error.
 * Stored parameters are obeyed as they are: bound them first, a crafted memory cost ends the process.
 */
export function createPasswordPrimitives(threads: { run<T>(call: HashCall): Promise<T> }): PasswordPrimitives {
  const argon2 = <T>(name: string, ...args: unknown[]) => threads.run<T>({ package: '@node-rs/argon2', name, args });
  return {
    hashArgon2id: (password) => argon2('hashSync', utf8(password), argon2idOptions),

    async verifyArgon2id(phc, password) {
      try {
        return await argon2<boolean>('verifySync', phc, utf8(password));
      } catch (error) {
        if (isInvalidArgument(error)) return false;
        throw error;
      }
    },

    rawArgon2id: async (input, salt, options) =>
      Buffer.from(
        await argon2<Uint8Array>('hashRawSync', utf8(input), {
          algorithm: ARGON2ID,
          salt,
          memoryCost: options.memoryKib,
          timeCost: options.passes,
          parallelism: 1,
          outputLen: options.outputBytes,
        }),
      ),

    // Answers false to a malformed hash by itself, and reads 72 bytes of the password as Devise does.
    verifyBcrypt: (hash, password) =>
      threads.run({ package: '@node-rs/bcrypt', name: 'verifySync', args: [utf8(password), hash] }),
  };
}

/** As the packages take it on a thread, where a `Buffer` arrives as what it is made of. */
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** How the package reports a PHC string it cannot read. */
function isInvalidArgument(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'InvalidArg';
}
