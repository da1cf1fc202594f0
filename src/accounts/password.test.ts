import { hash as hashArgon2 } from '@node-rs/argon2';
import { hash as hashBcrypt } from '@node-rs/bcrypt';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashQueue } from '../hashing/hash-queue.ts';
import { HashThreads } from '../hashing/hash-threads.ts';
import { createPasswordHashing } from '../hashing/password-hashing.ts';
import { createPasswordPrimitives } from '../hashing/password-primitives.ts';
import { checkPassword, type PasswordPrimitives, parsePasswordHash } from './password.ts';

const real = createPasswordPrimitives(new HashThreads());

async function isCorrect(password: string, stored: string, pepper?: string): Promise<boolean> {
  return (await checkPassword(real, password, stored, { pepper })).isCorrect;
}

/** Counts the calls; `answers` decides what the two verifications say about everything but the dummy. */
function countingPrimitives(answers: { argon2id?: boolean; bcrypt?: (password: string) => boolean } = {}) {
  const calls: string[] = [];
  const hashes: string[] = [];
  const primitives: PasswordPrimitives = {
    async hashArgon2id() {
      calls.push('hash');
      return 'new hash';
    },
    async verifyArgon2id(phc) {
      calls.push('verify');
      hashes.push(phc);
      return answers.argon2id ?? false;
    },
    async rawArgon2id(_input, _salt, options) {
      calls.push('raw');
      return Buffer.alloc(options.outputBytes);
    },
    async verifyBcrypt(_hash, password) {
      calls.push(`bcrypt ${password}`);
      return answers.bcrypt?.(password) ?? false;
    },
  };
  return { primitives, calls, hashes };
}

// magento-webapi 8.4: the framework's own vectors.
const frameworkVectors = [
  '67a1e09bb1f83f5007dc119c14d663aa:salt:0',
  '13601bda4ea78e55a07b98866d2be6be0744e3866f13c00c811cab608a28f322:salt:1',
  '7640855aef9cb6ffd20229601d2904a2192e372b391db8230d7faf073b393e4c:salt:2',
  'ca7982945fa90444b78d586678ff1c223ce13f99a39ec9541eae8b63ada3816a:random_salt12345:2',
  '3b68ca4706cbae291455e4340478076c1e1618e742b6144cfcc3e50f648903e4:salt:0:1',
  'c6aad9e058f6c4b06187c06d2b69bf506a786af030f81fb6d83778422a68205e:salt:1:2',
];

// magento-webapi 8.5: vectors computed with hashlib and libsodium.
const salt32 = 'aB3dE6gH9jK2mN5pQ8sT1vW4xY7zC0fR';
const ownVectors = [
  `532a86a7ddff1fce0f9a9a3cb2ed42c6:${salt32}:0`,
  `05899d5971ee0004d488002fd713757201b796f43a341e5ee78edbd11cce262a:${salt32}:1`,
  `dc52ab98afb000b17c3ceaeb06042cbfd88f952d529cbecf24105026b2a74344:${salt32}:2`,
  `dc52ab98afb000b17c3ceaeb06042cbfd88f952d529cbecf24105026b2a74344:${salt32}:3_32_2_67108864`,
  `f3cfcba8af895a724486944f1957858a3a87a629dfc18b3b2d8056f551cc6005:${salt32}:0:1`,
  `eb5f3298b63b4fcdb57e0cbb79eda7dcf4d75d35a486559222d92e33bb18009c:${salt32}:1:2`,
  `eb5f3298b63b4fcdb57e0cbb79eda7dcf4d75d35a486559222d92e33bb18009c:${salt32}:1:3_32_2_67108864`,
  `dfa14ec9c503d750817ad133d800c54689c586f39682b73f89416232b72a6271:${salt32}:0:3_32_2_67108864`,
  `2325e59eca38918688eb69ee2afe1c705cddeebe0471f1ba2edcd166309a7b8f:${salt32}:0:1:3_32_2_67108864`,
  `1fcc75c9eb42edde64bf12718db541344ee2c434c5e5fa27ff7c0941408db51f:${salt32}:2:3_32_2_67108864`,
  '61f720d67b620496c7848419b7fb5109:Xy:0',
  'c4e3c687152193d8865445bc7181af66b03ffbafb55800227e1cdb88ee9251ba:Xy:0:3_32_2_67108864',
];
const umlautVectors = [
  `78c742bfc6c362242836134c4f0fd541c4d9a2b976884a678d4140278c16701c:${salt32}:1`,
  `a5f10d3b92c04fc520c3ec451fdfb576fed51def7d00f5862f4dbe84a6cbb1f8:${salt32}:3_32_2_67108864`,
];
const [md5Hash, sha256Hash] = frameworkVectors as [string, string];

describe('Magento hashes', () => {
  it.each([
    ...frameworkVectors.map((stored) => ['password', stored]),
    ...ownVectors.map((stored) => ['Roni_cost3@example.com', stored]),
    ...umlautVectors.map((stored) => ['pässwörd€1A', stored]),
  ])('accepts %s for %s, refuses another password, and offers an upgrade', async (password, stored) => {
    const check = await checkPassword(real, password!, stored);
    expect(check.isCorrect).toBe(true);
    expect(await real.verifyArgon2id(check.upgradedHash!, password!)).toBe(true);
    expect(await checkPassword(real, `${password} `, stored)).toEqual({ isCorrect: false });
  });

  it.each([
    ['a hash that is no hex', 'hash:salt:1'],
    ['a hash of two parts', '67a1e09bb1f83f5007dc119c14d663aa:salt'],
    ['a bare hash', '5f4dcc3b5aa765d61d8327deb882cf99'],
    ['upper-case hex', '67A1E09BB1F83F5007DC119C14D663AA:salt:0'],
    ['an unknown version', '67a1e09bb1f83f5007dc119c14d663aa:salt:7'],
    ['an unknown version behind a known one', '67a1e09bb1f83f5007dc119c14d663aa:salt:0:7'],
    ['version 3 without parameters', '7640855aef9cb6ffd20229601d2904a2192e372b391db8230d7faf073b393e4c:salt:3'],
    ['an empty version', '67a1e09bb1f83f5007dc119c14d663aa:salt:'],
    ['a hash cut short', '67a1e09bb1f83f5007dc119c14d663:salt:0'],
    ['the length of another version', '67a1e09bb1f83f5007dc119c14d663aa:salt:1'],
    ['an argon2id version with an empty salt', `${'0'.repeat(64)}::2`],
    ['257 MiB of memory', `${'0'.repeat(64)}:salt:3_32_2_${257 * 1024 * 1024}`],
    ['eleven passes', `${'0'.repeat(64)}:salt:3_32_11_67108864`],
    ['no pass', `${'0'.repeat(64)}:salt:3_32_0_67108864`],
    ['too little memory', `${'0'.repeat(64)}:salt:3_32_2_1024`],
    ['129 bytes of output', `${'0'.repeat(258)}:salt:3_129_2_67108864`],
    ['a chain of five', `${'0'.repeat(64)}:salt:1:1:1:1:1`],
    ['a chain too heavy in sum', `${'0'.repeat(64)}:salt:3_32_10_268435456:2`],
  ])('takes %s for no match', async (_what, stored) => {
    expect(parsePasswordHash(stored)).toBeUndefined();
    expect(await isCorrect('password', stored)).toBe(false);
  });

  it('accepts an empty salt with the fast algorithms', async () => {
    expect(await isCorrect('password', '5f4dcc3b5aa765d61d8327deb882cf99::0')).toBe(true);
  });

  it('reads the parameters of every version', () => {
    expect(parsePasswordHash(`${'0'.repeat(32)}:salt:1:2:3_16_4_8388608`)).toEqual({
      format: 'magento',
      hex: '0'.repeat(32),
      salt: 'salt',
      versions: [
        { algorithm: 'sha256' },
        { algorithm: 'argon2id', outputBytes: 32, passes: 2, memoryKib: 65_536 },
        { algorithm: 'argon2id', outputBytes: 16, passes: 4, memoryKib: 8192 },
      ],
    });
  });
});

describe('bcrypt hashes', () => {
  it.each([
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
    ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
    ['abc', '$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i'],
    ['rasmuslerdorf', '$2a$07$usesomesillystringfore2uDLvp1Ii2e./U9C8sBjqp8I90dH6hi'],
    ['rasmuslerdorf', '$2y$07$BCryptRequires22Chrcte/VlQH0piJtjXl.0t1XkA8pw9dMXTpOq'],
  ])('accepts the published vector %j %s under every label', async (password, stored) => {
    for (const label of ['$2a$', '$2b$', '$2x$', '$2y$']) {
      const labelled = stored.replace(/^\$2.\$/, () => label);
      expect(await isCorrect(password, labelled)).toBe(true);
      expect(await isCorrect(`${password}x`, labelled)).toBe(false);
    }
  });

  it.each([
    ['a cost of 16', '$2a$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['a cost of 3', '$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['a signed cost', '$2a$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['an unknown label', '$2z$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['a missing character', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe'],
    ['a salt with stray bits', '$2a$05$CCCCCCCCCCCCCCCCCCCCCCE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
    ['a hash with stray bits', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeX'],
    ['a line end', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n'],
  ])('takes %s for no match', async (_what, stored) => {
    expect(parsePasswordHash(stored)).toBeUndefined();
    expect(await isCorrect('U*U', stored)).toBe(false);
  });

  it('replaces a correct one by argon2id of the same password', async () => {
    const stored = await hashBcrypt('meowmeowmeow', 4);
    const check = await checkPassword(real, 'meowmeowmeow', stored);
    expect(parsePasswordHash(check.upgradedHash!)).toMatchObject({ format: 'argon2id', memoryKib: 19_456, passes: 2 });
    expect(await isCorrect('meowmeowmeow', check.upgradedHash!)).toBe(true);
  });

  it('reads the first 72 bytes of password and pepper, as Devise does', async () => {
    const published = '$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui';
    const first72 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    expect(await isCorrect(`${first72}chars after 72 are ignored`, published)).toBe(true);
    expect(await isCorrect(first72, published)).toBe(true);
    expect(await isCorrect(first72.slice(0, 71), published)).toBe(false);

    // Sixty umlauts are 120 bytes; 36 of them are 72.
    const umlauts = await hashBcrypt('ü'.repeat(60), 4);
    expect(await isCorrect('ü'.repeat(36), umlauts)).toBe(true);
    expect(await isCorrect('ü'.repeat(35), umlauts)).toBe(false);

    const peppered = await hashBcrypt(`${'p'.repeat(70)}PEPPER`, 4);
    expect(await isCorrect('p'.repeat(70), peppered, 'PExxxx')).toBe(true);
    expect(await isCorrect('p'.repeat(70), peppered, 'Pxxxxx')).toBe(false);
  });

  it('never matches a password with a NUL, which bcrypt would read as a repeated key', async () => {
    const stored = await hashBcrypt('pw', 4);
    expect(await real.verifyBcrypt(stored, 'pw\0pw')).toBe(true);
    for (const password of ['pw\0pw', 'pw\0', 'pw\0x', '\0']) expect(await isCorrect(password, stored)).toBe(false);
    expect(await isCorrect('pw', stored)).toBe(true);
  });

  it('appends the pepper, and still accepts hashes made before there was one', async () => {
    const peppered = await hashBcrypt('secretPEPPER', 4);
    const plain = await hashBcrypt('secret', 4);
    expect(await isCorrect('secret', peppered, 'PEPPER')).toBe(true);
    expect(await isCorrect('secret', plain, 'PEPPER')).toBe(true);
    expect(await isCorrect('wrong', peppered, 'PEPPER')).toBe(false);
    expect(await isCorrect('secret', peppered)).toBe(false);
    expect(await isCorrect('secret', peppered, '')).toBe(false);
  });
});

describe('argon2id hashes', () => {
  it.each([
    ['m=65536,t=2', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['m=256,t=2', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
    ['two lanes', '$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc'],
  ])('accepts the reference vector with %s and replaces its short salt', async (_what, stored) => {
    expect((await checkPassword(real, 'password', stored)).upgradedHash).toMatch(
      /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/,
    );
    expect(await isCorrect('Password', stored)).toBe(false);
  });

  it('keeps a hash with our parameters or better', async () => {
    for (const options of [{}, { memoryCost: 32_768, timeCost: 3 }, { parallelism: 2 }]) {
      const stored = await hashArgon2('secret', options);
      expect(await checkPassword(real, 'secret', stored)).toEqual({ isCorrect: true });
    }
    expect(await checkPassword(real, 'secret', await real.hashArgon2id('secret'))).toEqual({ isCorrect: true });
  });

  it.each([{ memoryCost: 19_455 }, { timeCost: 1 }, { outputLen: 16 }])('replaces a hash with %j', async (options) => {
    const check = await checkPassword(real, 'secret', await hashArgon2('secret', options));
    expect(check).toEqual({ isCorrect: true, upgradedHash: expect.stringMatching(/^\$argon2id\$/) });
  });

  it.each([
    ['4 TiB of memory', 'v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ', 32],
    ['257 MiB of memory', `v=19$m=${257 * 1024},t=2,p=1$c29tZXNhbHQ`, 32],
    ['eleven passes', 'v=19$m=256,t=11,p=1$c29tZXNhbHQ', 32],
    ['seventeen lanes', 'v=19$m=256,t=2,p=17$c29tZXNhbHQ', 32],
    ['more lanes than memory', 'v=19$m=8,t=2,p=2$c29tZXNhbHQ', 32],
    ['the older algorithm', 'v=16$m=256,t=2,p=1$c29tZXNhbHQ', 32],
    ['a leading zero', 'v=19$m=0256,t=2,p=1$c29tZXNhbHQ', 32],
    ['a salt of seven bytes', 'v=19$m=256,t=2,p=1$c29tZXNhbA', 32],
    ['a salt with stray bits', 'v=19$m=256,t=2,p=1$c29tZXNhbHR', 32],
    ['129 bytes of output', 'v=19$m=256,t=2,p=1$c29tZXNhbHQ', 129],
    ['15 bytes of output', 'v=19$m=256,t=2,p=1$c29tZXNhbHQ', 15],
  ])('takes %s for no match, before the verifier sees it', async (_what, head, outputBytes) => {
    const stored = `$argon2id$${head}$${Buffer.alloc(outputBytes).toString('base64').replaceAll('=', '')}`;
    expect(parsePasswordHash(stored)).toBeUndefined();
    const { primitives, hashes } = countingPrimitives({ argon2id: true });
    expect(await checkPassword(primitives, 'password', stored)).toEqual({ isCorrect: false });
    expect(hashes).not.toContain(stored);
  });

  it('tells passwords with a NUL or a lone surrogate apart from their beginnings', async () => {
    for (const password of ['pw\0pw', '\0', 'a\ud800b', '\udfff']) {
      const stored = await real.hashArgon2id(password);
      expect(await isCorrect(password, stored)).toBe(true);
      expect(await isCorrect(password.slice(0, -1), stored)).toBe(false);
    }
  });
});

describe('the work of one check', () => {
  const zeros = '0'.repeat(64);
  const ours = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
  const weak = ours.replace('t=2', 't=1');
  const bcrypt = (cost: string) => `$2a$${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`;
  const right = { argon2id: true, bcrypt: () => true };

  it.each([
    ['no account', null, {}, ['verify']],
    ['no stored hash', undefined, {}, ['verify']],
    ['an empty hash', '', {}, ['verify']],
    ['an unreadable hash', 'garbage', {}, ['verify']],
    ['a wrong password on our hash', ours, {}, ['verify']],
    ['a right password on our hash', ours, right, ['verify']],
    ['a wrong password on a weak argon2id hash', weak, {}, ['verify', 'verify']],
    ['a right password on a weak argon2id hash', weak, right, ['verify', 'hash']],
    ['a wrong password on md5', md5Hash.replace('67', '00'), {}, ['verify']],
    ['a right password on md5', md5Hash, {}, ['hash']],
    ['a wrong password on sha256', sha256Hash.replace('13', '00'), {}, ['verify']],
    ['a right password on sha256', sha256Hash, {}, ['hash']],
    ['a wrong password on Magento argon2id', zeros.replace('0', '1').concat(':salt:2'), {}, ['raw']],
    ['a right password on Magento argon2id', `${zeros}:salt:2`, {}, ['raw', 'hash']],
    ['a wrong password on a light Magento argon2id', `1${zeros.slice(1)}:salt:3_32_1_8388608`, {}, ['raw', 'verify']],
    ['a wrong password on cheap bcrypt', bcrypt('05'), {}, ['bcrypt password', 'verify']],
    ['a wrong password on bcrypt that costs a unit itself', bcrypt('10'), {}, ['bcrypt password']],
    ['a right password on bcrypt', bcrypt('10'), right, ['bcrypt password', 'hash']],
  ])('is one argon2id unit beside the stored hash for %s', async (_what, stored, answers, expected) => {
    const { primitives, calls } = countingPrimitives(answers);
    const check = await checkPassword(primitives, 'password', stored);
    expect(calls).toEqual(expected);
    expect(check.upgradedHash).toBe(expected.includes('hash') ? 'new hash' : undefined);
  });

  it('is one unit for a NUL against bcrypt, which is not run', async () => {
    const { primitives, calls } = countingPrimitives(right);
    expect(await checkPassword(primitives, 'a\0', bcrypt('10'))).toEqual({ isCorrect: false });
    expect(calls).toEqual(['verify']);
  });

  it('stops at the peppered password when that is right', async () => {
    const { primitives, calls } = countingPrimitives({ bcrypt: (password) => password.endsWith('+pepper') });
    await checkPassword(primitives, 'password', bcrypt('10'), { pepper: '+pepper' });
    expect(calls).toEqual(['bcrypt password+pepper', 'hash']);
  });

  it('uses a dummy made with our parameters, and never believes it', async () => {
    const { primitives, hashes } = countingPrimitives({ argon2id: true });
    expect(await checkPassword(primitives, 'password', null)).toEqual({ isCorrect: false });
    expect(parsePasswordHash(hashes[0]!)).toEqual(parsePasswordHash(await real.hashArgon2id('x')));
  });
});

describe('any input', () => {
  const numberText = fc.oneof(fc.nat().map(String), fc.constantFrom('', '-1', '1e3', '99999999999', '00'));
  const nearlyMagento = fc
    .tuple(
      fc.oneof(fc.string(), fc.constantFrom('0'.repeat(32), 'f'.repeat(64))),
      fc.string({ unit: 'binary' }),
      fc.array(
        fc.oneof(
          fc.constantFrom('0', '1', '2', '3'),
          fc.tuple(numberText, numberText, numberText).map((n) => `3_${n.join('_')}`),
        ),
      ),
    )
    .map(([hex, salt, versions]) => [hex, salt, ...versions].join(':'));
  const nearlyPhc = fc
    .tuple(numberText, numberText, numberText, fc.base64String(), fc.base64String())
    .map(([m, t, p, salt, output]) => `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${output}`);
  const loneSurrogates = fc
    .array(fc.constantFrom('\ud800', '\udc00', 'a', ':', '$', '\0'))
    .map((parts) => parts.join(''));
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    loneSurrogates,
    nearlyMagento,
    nearlyPhc,
    fc.string().map((s) => `$2b$10$${s}`),
  );

  it('is parsed without throwing, within the bounds', () => {
    fc.assert(
      fc.property(anything, (stored) => {
        const parsed = parsePasswordHash(stored);
        const stages = parsed?.format === 'magento' ? parsed.versions : parsed ? [parsed] : [];
        for (const stage of stages) {
          if ('memoryKib' in stage) expect(stage.memoryKib * stage.passes).toBeLessThanOrEqual(2_621_440);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('is checked without throwing and never matches, whatever the password', async () => {
    await fc.assert(
      fc.asyncProperty(anything, anything, async (password, stored) => {
        // All ones, so that an invented hash of zeros does not match the stand-in's answer.
        const { primitives } = countingPrimitives();
        const raw: PasswordPrimitives['rawArgon2id'] = async (_i, _s, o) => Buffer.alloc(o.outputBytes, 0x11);
        expect(await checkPassword({ ...primitives, rawArgon2id: raw }, password, stored)).toEqual({
          isCorrect: false,
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('round-trips as a password, and another password is wrong', async () => {
    const password = fc.string({ unit: 'binary', maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(password, password, async (one, other) => {
        fc.pre(one !== other);
        const stored = await real.hashArgon2id(one);
        expect(await checkPassword(real, one, stored)).toEqual({ isCorrect: true });
        expect(await checkPassword(real, other, stored)).toEqual({ isCorrect: false });
      }),
      { numRuns: 8 },
    );
  });
});

describe('the real primitives', () => {
  it('answer false to malformed hashes', async () => {
    for (const hash of [
      '',
      'garbage',
      '$argon2id$v=19$m=19456,t=2,p=1$$',
      '$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHQ$AAAA',
    ]) {
      expect(await real.verifyArgon2id(hash, 'x')).toBe(false);
      expect(await real.verifyBcrypt(hash, 'x')).toBe(false);
    }
  });
});

describe('password hashing behind the queue', () => {
  it('takes one slot for a check and its upgrade, and one for a new hash', async () => {
    const { primitives, calls } = countingPrimitives();
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 1000, maxQueued: 0 });
    const hashing = createPasswordHashing({ queue, primitives });
    const check = hashing.check('password', md5Hash, () => void calls.push(`admitted, ${queue.running} running`));
    await expect(hashing.hash('other')).rejects.toMatchObject({ code: 'overloaded' });
    expect(await check).toEqual({ isCorrect: true, upgradedHash: 'new hash' });
    expect(await hashing.hash('other')).toBe('new hash');
    expect(calls).toEqual(['admitted, 1 running', 'hash', 'hash']);
  });

  it('does no work for a caller who is not admitted', async () => {
    const { primitives, calls } = countingPrimitives();
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 1000, maxQueued: 0 });
    const refusal = new Error('locked meanwhile');
    const admit = () => Promise.reject(refusal);
    await expect(createPasswordHashing({ queue, primitives }).check('password', null, admit)).rejects.toBe(refusal);
    expect(calls).toEqual([]);
  });

  it('hands the pepper to the check', async () => {
    const { primitives } = countingPrimitives({ bcrypt: (password) => password === 'secretPEPPER' });
    const queue = new HashQueue({ concurrency: 1, maxWaitMs: 1000, maxQueued: 0 });
    const stored = '$2a$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
    const hashing = createPasswordHashing({ queue, primitives, pepper: 'PEPPER' });
    expect(await hashing.check('secret', stored)).toMatchObject({ isCorrect: true });
  });
});
