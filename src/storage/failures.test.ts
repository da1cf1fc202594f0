import { describe, expect, it } from 'vitest';
import { translate } from './failures.ts';

const failure = (code: string): Error => Object.assign(new Error('as the driver says it'), { code });

describe('what an error of a database means', () => {
  it.each([
    '40001',
    '40P01',
    '55P03',
    '25P04',
    '57014',
    '58030',
    '53300',
    '28P01',
    '25006',
    'ECONNREFUSED',
    'ENOENT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_OSSL_X509_KEY_VALUES_MISMATCH',
    'SQLITE_IOERR',
  ])('%s: that it is unavailable', (code) => {
    const details = { retryAfterSeconds: 2 };
    expect(translate(failure(code))).toMatchObject({ code: 'storage_unavailable', details });
  });

  it.each(['42P01', '22012', 'SQLITE_ERROR'])('%s: that we made a mistake', (code) => {
    const error = failure(code);
    expect(translate(error)).toBe(error);
  });
});
