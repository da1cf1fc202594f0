import { type RequestContext, scopes } from '../../src/accounts/access.ts';
import { addSeconds, hashToken, mintToken } from '../../src/accounts/session.ts';
import { insertCustomer } from '../../src/accounts/sign-up.ts';
import { composeAccounts } from '../../src/compose-accounts.ts';
import { loadConfig } from '../../src/config.ts';
import { prepareTopology } from '../../src/prepare-database.ts';
import { newSession, smallTopology } from '../fixtures.ts';

/** A customer with one signed-in device. All have the same password. */
export interface Person {
  id: number;
  email: string;
  clientId: string;
  token: string;
}

/** What a scenario starts with. */
export interface House {
  people: Person[];
  /** An API key with every scope. */
  apiKey: string;
}

export const password = 'open sesame, slowly';

/**
 * Fills an empty database before any node serves it: schema, one store on chain 123, a key and so many customers, who are
 * members of newsletter group 1. They are written as a sign-up writes them, with history and event.
 */
export async function furnish(databaseUrl: string, count: number): Promise<House> {
  const config = loadConfig({ FOYER_DATABASE_URL: databaseUrl }, 'tool');
  const { deps, store, accounts } = composeAccounts({ config });
  try {
    await store.migrate();
    await prepareTopology(deps, smallTopology);
    const { key } = await accounts.createKey({ name: 'loyalty', scopes });
    const [shop] = deps.directory.topology.data.shops;
    const passwordHash = await deps.passwords.hash(password);
    const now = deps.now();
    const people = await store.transaction(async (tx) => {
      const added: Person[] = [];
      for (let number = 1; number <= count; number += 1) {
        const email = `person.${number}@example.org`;
        const changes = { email, givenName: 'Visitor 0', familyName: 'Visitor' };
        const context: RequestContext = { actor: { kind: 'system' }, origin: 'system', requestId: `seed-${number}` };
        const input = { shop: shop!, changes, groupIds: [1], passwordHash, debtorNumber: number };
        const { customer } = await insertCustomer(deps, tx, context, input, now);
        const person = { id: customer.id, email, clientId: mintToken(), token: mintToken() };
        const times = { createdAt: now, lastUsedAt: now, expiresAt: addSeconds(now, 14 * 86_400) };
        const { clientId, token } = person;
        const secrets = { clientId, tokenHash: hashToken(token), rotationSeed: mintToken() };
        await tx.sessions.insert(newSession(person.id, { uid: email, ...secrets, ...times }));
        added.push(person);
      }
      return added;
    });
    return { people, apiKey: key };
  } finally {
    await store.close();
  }
}

/** The headers with which a device shows who it is. */
export function deviceHeaders({ clientId, email, token }: Person): string[] {
  return [`access-token: ${token}`, 'token-type: Bearer', `client: ${clientId}`, `uid: ${email}`];
}

/** The header with which the loyalty platform shows who it is. */
export function partnerHeaders({ apiKey }: House): string[] {
  return [`Authorization: Bearer ${apiKey}`];
}
