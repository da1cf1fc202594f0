import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'foyer-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function fileWith(content: string | Buffer): string {
  const path = join(directory, `${Math.random()}`);
  writeFileSync(path, content);
  return path;
}

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env, 'serve');
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig with files', () => {
  it('takes every setting from a file, without one line break at its end', () => {
    expect(loadConfig({ FOYER_PORT_FILE: fileWith('9000\n') }, 'serve').port).toBe(9000);
    expect(loadConfig({ FOYER_PEPPER_FILE: fileWith('pep per \r\n') }, 'serve').pepper).toBe('pep per ');
    expect(loadConfig({ FOYER_SPAAZA_SECRET_7_FILE: fileWith('k:s') }, 'serve').spaaza[7]?.credential).toEqual({
      key: 'k',
      secret: 's',
    });
  });

  it('leaves further line breaks where they are, so that the value is refused rather than changed', () => {
    expect(faultsOf({ FOYER_PEPPER_FILE: '' })).toEqual([
      'FOYER_PEPPER_FILE is empty, but must be the path of a readable UTF-8 file (ENOENT)',
    ]);
    expect(faultsOf({ FOYER_PEPPER_FILE: fileWith('pepper\n\n') })).toEqual([
      'FOYER_PEPPER_FILE is ***, but must be text without line breaks',
    ]);
  });

  it('refuses a setting that is given both ways, even twice the same', () => {
    const env = {
      FOYER_PORT: '1',
      FOYER_PORT_FILE: fileWith('1'),
      FOYER_PEPPER: 'p',
      FOYER_PEPPER_FILE: fileWith('p'),
    };
    expect(faultsOf(env)).toEqual([
      'FOYER_PORT and FOYER_PORT_FILE are both set ("1"), but only one of them may be',
      'FOYER_PEPPER and FOYER_PEPPER_FILE are both set (***), but only one of them may be',
    ]);
  });

  it('names a file that cannot be read, and why', () => {
    const missing = join(directory, 'missing');
    const latin1 = fileWith(Buffer.from([0x70, 0xe9]));
    expect(faultsOf({ FOYER_PORT_FILE: missing, FOYER_HOST_FILE: directory, FOYER_PEPPER_FILE: latin1 })).toEqual([
      `FOYER_HOST_FILE is "${directory}", but must be the path of a readable UTF-8 file (EISDIR)`,
      `FOYER_PORT_FILE is "${missing}", but must be the path of a readable UTF-8 file (ENOENT)`,
      `FOYER_PEPPER_FILE is "${latin1}", but must be the path of a readable UTF-8 file (ERR_ENCODING_INVALID_ENCODED_DATA)`,
    ]);
  });
});

describe('loadConfig for Spaaza chains', () => {
  it('gathers what is set by chain id', () => {
    const config = loadConfig(
      {
        FOYER_SPAAZA_SECRET_123: 'key:secret',
        FOYER_SPAAZA_API_123: 'http://127.0.0.1:9000/',
        FOYER_SPAAZA_API_9: 'https://staging.example',
      },
      'demo',
    );
    expect(config.spaaza).toEqual({
      9: { apiUrl: 'https://staging.example' },
      123: { credential: { key: 'key', secret: 'secret' }, apiUrl: 'http://127.0.0.1:9000' },
    });
    expect(config.spaaza[124]).toBeUndefined();
  });

  it.each(['', '0', '0123', 'acme', '-1', '1.5', '9999999999999999', '__proto__'])(
    'does not take %j for a chain id',
    (id) => {
      expect(faultsOf({ [`FOYER_SPAAZA_SECRET_${id}`]: 'key:secret' })).toEqual([
        expect.stringContaining('is unknown; did you mean FOYER_SPAAZA_SECRET_<chain id>?'),
      ]);
    },
  );
});
