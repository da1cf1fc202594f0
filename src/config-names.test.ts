import { describe, expect, it } from 'vitest';
import { describeUnknownNames } from './config-names.ts';
import { settingEntries } from './config-table.ts';

describe('describeUnknownNames', () => {
  it('knows every setting and its file, and what belongs to the tests or to others', () => {
    const names = settingEntries().flatMap(([, { env }]) => [env, `${env}_FILE`]);
    const others = ['FOYER_TEST_ANYTHING', 'FOYER', 'PATH', 'FOYER_SPAAZA_SECRET_1', 'FOYER_SPAAZA_API_1_FILE'];
    expect(describeUnknownNames(Object.fromEntries([...names, ...others].map((name) => [name, 'x'])))).toEqual([]);
  });

  it.each([
    ['FOYER_PROT', 'FOYER_PORT'],
    ['FOYER_PROT_FILE', 'FOYER_PORT_FILE'],
    ['FOYER_PEPER', 'FOYER_PEPPER'],
    ['FOYER_DATABASE', 'FOYER_DATABASE_URL'],
    ['FOYER_MAX_DEVICE', 'FOYER_MAX_DEVICES'],
    ['FOYER_TIME_ZONE', 'FOYER_TIMEZONE'],
    ['FOYER_port', 'FOYER_PORT'],
    ['FOYER_SPAAZA_SECERT_123', 'FOYER_SPAAZA_SECRET_123'],
    ['FOYER_SPAZA_API_7_FILE', 'FOYER_SPAAZA_API_7_FILE'],
    ['FOYER_SPAAZA_SECRET_acme', 'FOYER_SPAAZA_SECRET_<chain id>'],
  ])('suggests for %s the name %s', (name, nearest) => {
    expect(describeUnknownNames({ [name]: 'x' })).toEqual([`${name} is unknown; did you mean ${nearest}?`]);
  });

  it.each(['FOYER_', 'FOYER_COFFEE', 'FOYER_SOMETHING_ELSE_ENTIRELY'])('has no suggestion for %s', (name) => {
    expect(describeUnknownNames({ [name]: 'x' })).toEqual([`${name} is unknown`]);
  });
});
