import { createHash, timingSafeEqual } from 'node:crypto';

/** The slow functions, run off the main thread. Passwords go in as UTF-8 with no trimming and no normalisation. */
export interface PasswordPrimitives {
  /** A PHC string at 19 MiB, two passes, one lane, with a fresh salt. */
  hashArgon2id(password: string): Promise<string>;
  verifyArgon2id(phc: string, password: string): Promise<boolean>;
  /** Bare Argon2id v1.3 with one lane; `salt` is 16 bytes. */
  rawArgon2id(
    input: string,
    salt: Buffer,
    options: { outputBytes: number; passes: number; memoryKib: number },
  ): Promise<Buffer>;
  verifyBcrypt(hash: string, password: string): Promise<boolean>;
}

export interface PasswordCheck {
  isCorrect: boolean;
  /** A new argon2id hash to store instead of a legacy or under-strength one; only when the password is correct. */
  upgradedHash?: string;
}

/** What the verbs use: the checks below behind a bounded queue. */
export interface PasswordHashing {
  /**
   * One unit of queued work. Throws `overloaded` when the queue sheds. `admit` runs just before the work starts and
   * `onWrong` after a wrong password, both before the next in line begins: it sees what they have left.
   */
  check(
    password: string,
    storedHash: string | null | undefined,
    admit?: () => void | Promise<void>,
    onWrong?: () => Promise<void>,
  ): Promise<PasswordCheck>;
  /** A new argon2id hash. One unit of queued work. Throws `overloaded` when the queue sheds. */
  hash(password: string): Promise<string>;
}

/** One stage of a Magento hash; the hex text of a stage is the input of the next. */
export type MagentoVersion =
  | { algorithm: 'md5' | 'sha256' }
  | { algorithm: 'argon2id'; outputBytes: number; passes: number; memoryKib: number };

export type ParsedHash =
  | {
      format: 'argon2id';
      memoryKib: number;
      passes: number;
      parallelism: number;
      saltBytes: number;
      outputBytes: number;
    }
  | { format: 'bcrypt'; cost: number }
  | { format: 'magento'; hex: string; salt: string; versions: readonly MagentoVersion[] };

/** Our parameters for new hashes; one verification with them is the unit of work below. */
const OURS = { memoryKib: 19_456, passes: 2, saltBytes: 16, outputBytes: 32 };

/** Made with our parameters from 32 random bytes that nobody kept; its answer is never used. */
const DUMMY_PHC = '$argon2id$v=19$m=19456,t=2,p=1$6eUcpBVFuvi4DiwToBammQ$h/6+l+uh39aAw71lOodb5cBJdIUkmjU4/IKh9p9bwHQ';

/** An import file or a leaked database may hold any parameters; past these one sign-in could take the machine down. */
const MAX_STORED_LENGTH = 512;
const MAX_MEMORY_KIB = 256 * 1024;
const MAX_PASSES = 10;
const MAX_PARALLELISM = 16;
const MIN_OUTPUT_BYTES = 16;
const MAX_OUTPUT_BYTES = 128;
const MIN_SALT_BYTES = 8;
const MAX_SALT_BYTES = 64;
const MIN_BCRYPT_COST = 4;
const MAX_BCRYPT_COST = 15;
const MAX_MAGENTO_VERSIONS = 4;

/** From this cost on, one bcrypt takes at least as long as one unit (measured: cost 8 takes 1.3 units). */
const BCRYPT_UNIT_COST = 8;

/**
 * Checks a password against a stored hash of any supported format; never throws on a malformed hash.
 *
 * Costs about one argon2id unit at least, whatever the outcome: an account that does not exist (null), an unreadable
 * hash and a wrong password on a cheap hash pay with a dummy, a correct password on a legacy hash pays with its
 * upgrade. So an unknown e-mail takes as long as a wrong password, but for legacy hashes that cost more than a unit: to let
 * everybody pay for those would be a gift to whoever sends many wrong ones (docs/operations.md). `pepper` applies to bcrypt
 * only, as Devise does: appended to the password; hashes made before the pepper was set still pass without it.
 */
export async function checkPassword(
  primitives: PasswordPrimitives,
  password: string,
  storedHash: string | null | undefined,
  options: { pepper?: string } = {},
): Promise<PasswordCheck> {
  const stored = storedHash ?? '';
  const parsed = usableHash(stored, password);
  if (parsed && (await matches(primitives, password, stored, parsed, options.pepper))) {
    if (!isUnderStrength(parsed)) return { isCorrect: true };
    return { isCorrect: true, upgradedHash: await primitives.hashArgon2id(password) };
  }
  if (!parsed || !costsOneUnit(parsed)) await primitives.verifyArgon2id(DUMMY_PHC, password);
  return { isCorrect: false };
}

/**
 * Reads a stored hash: argon2id (PHC, v=19), bcrypt ($2a$, $2b$, $2x$, $2y$) or Magento (`hex:salt:version[:version...]`,
 * magento-webapi 8.3). Undefined when it is none of them or its parameters are out of bounds, which counts as no match.
 */
export function parsePasswordHash(stored: string): ParsedHash | undefined {
  if (stored.length > MAX_STORED_LENGTH) return undefined;
  if (stored.startsWith('$argon2id$')) return parseArgon2id(stored);
  if (stored.startsWith('$2')) return parseBcrypt(stored);
  return parseMagento(stored);
}

function parseArgon2id(stored: string): ParsedHash | undefined {
  const fields =
    /^\$argon2id\$v=19\$m=([1-9]\d{0,9}),t=([1-9]\d{0,9}),p=([1-9]\d{0,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(
      stored,
    );
  if (!fields) return undefined;
  const [memoryKib, passes, parallelism] = [Number(fields[1]), Number(fields[2]), Number(fields[3])];
  const saltBytes = unpaddedBase64Length(fields[4]!);
  const outputBytes = unpaddedBase64Length(fields[5]!);
  if (saltBytes === undefined || saltBytes < MIN_SALT_BYTES || saltBytes > MAX_SALT_BYTES) return undefined;
  if (outputBytes === undefined || parallelism > MAX_PARALLELISM) return undefined;
  if (!isWithinBounds({ memoryKib, passes, outputBytes, parallelism })) return undefined;
  return { format: 'argon2id', memoryKib, passes, parallelism, saltBytes, outputBytes };
}

function parseBcrypt(stored: string): ParsedHash | undefined {
  // The last character of salt and of hash carries fewer than six bits: verifiers refuse any other spelling unread.
  const fields = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/.exec(stored);
  if (!fields) return undefined;
  const cost = Number(fields[1]);
  return cost >= MIN_BCRYPT_COST && cost <= MAX_BCRYPT_COST ? { format: 'bcrypt', cost } : undefined;
}

function parseMagento(stored: string): ParsedHash | undefined {
  const [hex = '', salt, ...names] = stored.split(':');
  // Two parts or fewer are Magento's keyed fallback, which needs the shop's crypt key: no match (8.3, step 5).
  if (salt === undefined || names.length === 0 || names.length > MAX_MAGENTO_VERSIONS) return undefined;
  const versions: MagentoVersion[] = [];
  let argon2idWork = 0;
  for (const name of names) {
    const version = parseMagentoVersion(name);
    if (!version) return undefined;
    // Argon2 has no salt to repeat here, and Magento's own call fails: such a hash never matches.
    if (version.algorithm === 'argon2id' && salt === '') return undefined;
    if (version.algorithm === 'argon2id') argon2idWork += version.memoryKib * version.passes;
    versions.push(version);
  }
  if (argon2idWork > MAX_MEMORY_KIB * MAX_PASSES) return undefined;
  const hexLength = 2 * outputBytesOf(versions.at(-1)!);
  if (hex.length !== hexLength || !/^[0-9a-f]+$/.test(hex)) return undefined;
  return { format: 'magento', hex, salt, versions };
}

function parseMagentoVersion(name: string): MagentoVersion | undefined {
  if (name === '0') return { algorithm: 'md5' };
  if (name === '1') return { algorithm: 'sha256' };
  if (name === '2') return { algorithm: 'argon2id', outputBytes: 32, passes: 2, memoryKib: 65_536 };
  const fields = /^3_(\d{1,10})_(\d{1,10})_(\d{1,10})$/.exec(name);
  if (!fields) return undefined;
  const [outputBytes, passes, memoryBytes] = [Number(fields[1]), Number(fields[2]), Number(fields[3])];
  const memoryKib = Math.floor(memoryBytes / 1024);
  if (!isWithinBounds({ memoryKib, passes, outputBytes, parallelism: 1 })) return undefined;
  return { algorithm: 'argon2id', outputBytes, passes, memoryKib };
}

function isWithinBounds(params: { memoryKib: number; passes: number; outputBytes: number; parallelism: number }) {
  const { memoryKib, passes, outputBytes, parallelism } = params;
  // Argon2 itself asks for eight blocks of 1 KiB for each lane.
  if (memoryKib < 8 * parallelism || memoryKib > MAX_MEMORY_KIB) return false;
  if (passes < 1 || passes > MAX_PASSES) return false;
  return outputBytes >= MIN_OUTPUT_BYTES && outputBytes <= MAX_OUTPUT_BYTES;
}

/** Undefined when another spelling of the same bytes was used: verifiers disagree about those. */
function unpaddedBase64Length(text: string): number | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64').replace(/=+$/, '') === text ? bytes.length : undefined;
}

/** bcrypt ends its key with NUL and repeats it, so `a` and `a\0a` are one key: a NUL never matches there. */
function usableHash(stored: string, password: string): ParsedHash | undefined {
  const parsed = parsePasswordHash(stored);
  return parsed?.format === 'bcrypt' && password.includes('\0') ? undefined : parsed;
}

async function matches(
  primitives: PasswordPrimitives,
  password: string,
  stored: string,
  parsed: ParsedHash,
  pepper: string | undefined,
): Promise<boolean> {
  if (parsed.format === 'argon2id') return primitives.verifyArgon2id(stored, password);
  if (parsed.format === 'magento') return matchesMagento(primitives, password, parsed);
  if (pepper && (await primitives.verifyBcrypt(stored, password + pepper))) return true;
  return primitives.verifyBcrypt(stored, password);
}

async function matchesMagento(
  primitives: PasswordPrimitives,
  password: string,
  parsed: Extract<ParsedHash, { format: 'magento' }>,
): Promise<boolean> {
  let text = password;
  for (const version of parsed.versions) {
    text =
      version.algorithm === 'argon2id'
        ? (await primitives.rawArgon2id(text, saltOf16Bytes(parsed.salt), version)).toString('hex')
        : createHash(version.algorithm).update(parsed.salt).update(text).digest('hex');
  }
  // Equal lengths by construction: the parser compared them with the last version.
  return timingSafeEqual(Buffer.from(text), Buffer.from(parsed.hex));
}

/** The first 16 bytes; a shorter salt repeats itself up to 16 (magento-webapi 8.3). */
function saltOf16Bytes(salt: string): Buffer {
  return Buffer.alloc(16, Buffer.from(salt));
}

function isUnderStrength(parsed: ParsedHash): boolean {
  if (parsed.format !== 'argon2id') return true;
  if (parsed.memoryKib < OURS.memoryKib || parsed.passes < OURS.passes) return true;
  return parsed.saltBytes < OURS.saltBytes || parsed.outputBytes < OURS.outputBytes;
}

/** Whether checking this hash took at least one unit by itself. */
function costsOneUnit(parsed: ParsedHash): boolean {
  if (parsed.format === 'bcrypt') return parsed.cost >= BCRYPT_UNIT_COST;
  const stages = parsed.format === 'argon2id' ? [parsed] : parsed.versions;
  const work = stages.reduce((sum, stage) => sum + ('memoryKib' in stage ? stage.memoryKib * stage.passes : 0), 0);
  return work >= OURS.memoryKib * OURS.passes;
}

function outputBytesOf(version: MagentoVersion): number {
  if (version.algorithm === 'argon2id') return version.outputBytes;
  return version.algorithm === 'md5' ? 16 : 32;
}
