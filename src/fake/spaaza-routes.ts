import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Mishap, mishapOf } from './behaviour.ts';
import type { FakeHouse } from './house.ts';
import { type Identity, identifiers, identityIn, type People } from './people.ts';
import { type Person, userInfoOf } from './person.ts';
import { errorBody, faultOf, refusal, SpaazaError, successBody } from './spaaza-answer.ts';

type Parameters = Record<string, unknown>;

interface Done {
  person: Person;
  identity: Identity | null;
  results?: object;
}

interface Endpoint {
  name: string;
  path: string;
  method: string;
  work(people: People, parameters: Parameters): Done;
}

/** The four endpoints that a shop's link uses (spaaza 3.5, 3.6). */
const endpoints: readonly Endpoint[] = [
  { name: 'get-user', path: '/internal/get-user', method: 'GET', work: found },
  { name: 'add-user', path: '/internal/add-user', method: 'POST', work: addUser },
  { name: 'alter-user', path: '/internal/alter-user', method: 'PUT', work: alterUser },
  { name: 'delete-user', path: '/delete-user', method: 'DELETE', work: deleteUser },
];

/** Serves the platform's endpoints, with the mishaps that the house has switched on. */
export function spaazaRoutes(server: FastifyInstance, house: FakeHouse): void {
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))));
  });
  for (const endpoint of endpoints) {
    server.all(endpoint.path, async (request, reply) => {
      house.enter();
      reply.raw.once('close', () => house.leave());
      return serve(house, endpoint, request, reply);
    });
  }
}

async function serve(house: FakeHouse, endpoint: Endpoint, request: FastifyRequest, reply: FastifyReply) {
  const { behaviour } = house;
  const parameters = { ...(request.query as Parameters), ...((request.body ?? {}) as Parameters) };
  const mishap = mishapOf(behaviour, {
    endpoint: endpoint.name,
    names: identifiers.flatMap((key) => (parameters[key] === undefined ? [] : [String(parameters[key])])),
    sinceMs: house.behavedForMs,
    chance: Math.random(),
  });
  if (mishap === 'down') return cut(reply);
  if (mishap === 'throttle') {
    const retryAfter = String(behaviour.throttle?.retryAfter);
    return reply.code(429).header('retry-after', retryAfter).send({ message: 'Too many requests' });
  }
  if (mishap === 'status') {
    reply.code(behaviour.status ?? 503).type('text/html');
    return reply.send('<html><body>Not the platform speaking</body></html>');
  }
  const { status, body } = outcomeOf(house, endpoint, request, parameters, mishap);
  const heldBackMs = behaviour.delayMs + (behaviour.outOfOrder ? Math.random() * 40 : 0);
  if (heldBackMs > 0) await new Promise((done) => setTimeout(done, heldBackMs).unref());
  if (mishap === 'loseAnswer') return cut(reply);
  return reply.code(status).send(behaviour.wrapped ? [body] : body);
}

function outcomeOf(
  house: FakeHouse,
  endpoint: Endpoint,
  request: FastifyRequest,
  parameters: Parameters,
  mishap: Mishap | undefined,
): { status: number; body: object } {
  const { behaviour } = house;
  try {
    if (mishap === 'code') {
      const fault = faultOf(behaviour.errorCode ?? 0);
      throw new SpaazaError({ ...fault, status: behaviour.status ?? fault.status });
    }
    refuseStrangers(house, request);
    if (request.method !== endpoint.method) throw new SpaazaError(faultOf(4));
    let done = carryOut(house, endpoint, request, parameters);
    if (behaviour.duplicate) done = carryOut(house, endpoint, request, parameters);
    const results = { user_info: userInfoOf(done.person), ...done.results, result_type: endpoint.name };
    return { status: 200, body: successBody(results, behaviour.warnings) };
  } catch (error) {
    if (!(error instanceof SpaazaError)) throw error;
    house.stats.refused += 1;
    const { fault } = error;
    const isNobody = endpoint.name === 'get-user' && fault.code === 68 && mishap === undefined;
    if (isNobody && behaviour.nobody === 'status') return { status: 404, body: {} };
    return { status: fault.status, body: errorBody(fault, header(request, 'x-spaaza-api-version')) };
  }
}

function carryOut(house: FakeHouse, endpoint: Endpoint, request: FastifyRequest, parameters: Parameters): Done {
  const done = endpoint.work(house.people, parameters);
  house.journal.record({
    method: endpoint.method,
    endpoint: endpoint.name,
    identity: done.identity,
    userId: done.person.userId,
    requestId: header(request, 'x-request-id') ?? null,
    apiVersion: header(request, 'x-spaaza-api-version') ?? null,
    parameters,
  });
  return done;
}

/** Bearer credential first, then the app hostname, which privileged calls must name (spaaza 3.2, 3.4). */
function refuseStrangers({ chain }: FakeHouse, request: FastifyRequest): void {
  if (header(request, 'authorization') !== `Bearer ${chain.credential}`) throw refusal.notSignedIn();
  const hostname = header(request, 'x-spaaza-myprice-app-hostname') ?? header(request, 'x-myprice-app-hostname');
  if (hostname !== chain.hostname) throw refusal.noApp();
}

function addUser(people: People, parameters: Parameters): Done {
  const { person, existed } = people.add(parameters);
  return { person, identity: null, results: { user_type: 'new', updated_existing_user: existed } };
}

function alterUser(people: People, parameters: Parameters): Done {
  const done = found(people, parameters);
  people.alter(done.person, parameters, done.identity.by);
  return done;
}

function deleteUser(people: People, parameters: Parameters): Done {
  const done = found(people, parameters);
  people.erase(done.person);
  return done;
}

function found(people: People, parameters: Parameters): { person: Person; identity: Identity } {
  const identity = identityIn(parameters);
  const person = identity && people.find(identity);
  if (identity === undefined || person === undefined) throw refusal.nobody();
  return { person, identity };
}

function cut(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
