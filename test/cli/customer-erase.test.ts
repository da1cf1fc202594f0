import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseKinds, type FreshDatabase } from '../dialects.ts';
import { demoDatabase } from './demo-database.ts';
import { bundledBinary } from './run-foyer.ts';

const foyer = bundledBinary();

describe.each(databaseKinds)('foyer customer erase on %s', (kind) => {
  let database: FreshDatabase;
  let env: Record<string, string>;

  beforeAll(async () => {
    ({ database, env } = await demoDatabase(kind, async () => undefined));
  });
  afterAll(() => database.drop());

  it('says who would go, and leaves them there, until it is told to do it', async () => {
    const asked = await foyer.run(['customer', 'erase', 'INFO@spaaza.com'], env);
    expect(asked).toMatchObject({
      code: 0,
      stdout: 'Would erase customer 39, info@spaaza.com. Say --yes to do it.\n',
      stderr: '',
    });
    expect((await foyer.run(['customer', 'show', '39'], env)).code).toBe(0);
  });

  it('erases them, in maintenance too, and the history says by whom', async () => {
    await foyer.run(['maintenance', 'on'], env);
    const { code, document } = await foyer.json(['customer', 'erase', '39', '--yes'], env);
    expect([code, document]).toEqual([0, { id: 39, email: 'info@spaaza.com', is_erased: true }]);
    expect((await foyer.run(['customer', 'show', '39'], env)).code).toBe(4);
    const again = await foyer.run(['customer', 'erase', 'info@spaaza.com', '--yes'], env);
    expect([again.code, again.stderr]).toEqual([4, 'foyer: There is no such customer.\n']);
    const { document: history } = await foyer.json(['customer', 'history', '39'], env);
    expect(history).toMatchObject({ erasure: { actor: expect.stringMatching(/^operator /), origin: 'operator' } });
  });
});
