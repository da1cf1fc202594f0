import { afterEach, describe, expect, it } from 'vitest';
import { databaseKinds } from '../dialects.ts';
import { type RunningApp, startApp } from '../start-app.ts';
import { bruce, signIn } from '../wire/gomus/client.ts';
import { authenticate, john } from '../wire/spaaza/client.ts';

describe.each(databaseKinds)('a sign-in (%s)', (kind) => {
  let server: RunningApp;

  afterEach(() => server.stop());

  const signInEvents = async () =>
    (await server.app.store.outbox.list(1_000)).filter(({ event }) => event.type === 'customer.signed_in');

  it('leaves word for the loyalty platform where the chain of the website has its link on', async () => {
    server = await startApp(kind, { FOYER_SPAAZA_SECRET_123: 'key:secret' });
    await signIn(server, bruce.email, bruce.password);
    expect(await signInEvents()).toMatchObject([
      { event: { customerId: 402 }, origin: 'gomus', actor: 'customer 402', requestId: expect.any(String) },
    ]);
  });

  it('leaves none where the link is off', async () => {
    server = await startApp(kind, { FOYER_SPAAZA_SECRET_7: 'key:secret' });
    await signIn(server, bruce.email, bruce.password);
    expect(await signInEvents()).toEqual([]);
  });

  it('leaves none when the platform itself asks: it is waiting for the answer', async () => {
    server = await startApp(kind, { FOYER_SPAAZA_SECRET_123: 'key:secret' });
    expect((await authenticate(server, { ...john, spaaza_chain_id: 123 })).json).toMatchObject({ authenticated: true });
    expect(await signInEvents()).toEqual([]);
  });

  it('leaves none when it fails', async () => {
    server = await startApp(kind, { FOYER_SPAAZA_SECRET_123: 'key:secret' });
    await expect(signIn(server, bruce.email, 'wrong')).rejects.toThrow();
    expect(await signInEvents()).toEqual([]);
  });
});
