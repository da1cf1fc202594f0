import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openStore } from '../../src/storage/index.ts';
import { freshDatabaseUrl } from '../dialects.ts';
import { addCustomer, saveTopology, smallTopology } from '../fixtures.ts';

it('nobody who was erased is found in the bytes of a SQLite file', async () => {
  const fresh = await freshDatabaseUrl('sqlite');
  const store = openStore({ url: fresh.url, poolSize: 1, statementTimeoutMs: 10_000 });
  await store.migrate();
  await saveTopology(store, smallTopology);
  const id = await addCustomer(store, { familyName: 'Erasmusson', notes: 'Erasmusson '.repeat(1_000) });
  // Beside somebody who stays, so that no page is given back as a whole.
  await addCustomer(store);
  await store.transaction(({ customers }) => customers.delete(id));
  await store.close();
  const bytes = readFileSync(fresh.url.slice('sqlite:'.length), 'latin1');
  await fresh.drop();
  expect(bytes.toLowerCase().split('erasmusson')).toHaveLength(1);
});
