import type { FastifyInstance } from 'fastify';
import { readBehaviour } from './behaviour.ts';
import type { FakeHouse } from './house.ts';
import { type Person, userInfoOf } from './person.ts';
import { SpaazaError } from './spaaza-answer.ts';

interface ById {
  Params: { id: string };
}

interface WithFields {
  Body: Record<string, unknown>;
}

/** The switches and what can be looked at, under `/_fake`. They ask for no credential: the stand-in is for tests. */
export function controlRoutes(server: FastifyInstance, house: FakeHouse): void {
  const { people, journal, webhooks } = house;

  server.setErrorHandler((error, _request, reply) => {
    const message = error instanceof Error ? error.message : String(error);
    reply.code(error instanceof SpaazaError ? 409 : 400).send({ message });
  });

  server.get('/behaviour', async () => house.behaviour);
  server.put('/behaviour', async ({ body }) => {
    house.behave(readBehaviour(body));
    return house.behaviour;
  });

  server.get('/users', async () => people.all().map(userInfoOf));
  server.post<WithFields>('/users', async ({ body }) => userInfoOf(people.add(body).person));
  server.delete('/users', async (_request, reply) => {
    people.clear();
    return reply.code(204).send();
  });
  server.get<ById>('/users/:id', async ({ params }, reply) => {
    const person = people.byId(Number(params.id));
    return person === undefined ? reply.code(404).send({ message: 'Nobody has this id' }) : userInfoOf(person);
  });
  server.put<ById & WithFields>('/users/:id', async ({ params, body }, reply) => {
    const person = people.byId(Number(params.id));
    if (person === undefined) return reply.code(404).send({ message: 'Nobody has this id' });
    people.alter(person, body);
    return userInfoOf(person);
  });
  server.delete<ById>('/users/:id', async ({ params }, reply) => {
    const person: Person | undefined = people.byId(Number(params.id));
    if (person === undefined) return reply.code(404).send({ message: 'Nobody has this id' });
    people.erase(person);
    return userInfoOf(person);
  });

  server.get<{ Querystring: { user_id?: string } }>('/requests', async ({ query }) =>
    journal.entries(query.user_id === undefined ? undefined : Number(query.user_id)),
  );
  server.get('/stats', async () => house.stats);
  server.delete('/journal', async (_request, reply) => {
    house.clearJournal();
    return reply.code(204).send();
  });

  server.get('/webhooks', async () => webhooks.deliveries);
  server.put<{ Body: { url?: unknown; secret?: unknown } | null }>('/webhook', async ({ body }, reply) => {
    if (
      body !== null &&
      (typeof body?.url !== 'string' || !URL.canParse(body.url) || typeof body.secret !== 'string')
    ) {
      return reply.code(400).send({ message: 'It takes {"url": …, "secret": …}, or null to send no more' });
    }
    webhooks.target = body === null ? undefined : { url: String(body.url), secret: String(body.secret) };
    return reply.code(204).send();
  });
}
