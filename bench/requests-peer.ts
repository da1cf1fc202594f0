import { password, peerCookieOf, peerIdentityOf, personOf } from './people.ts';
import { randomEvenIds, randomIds, writeRequest } from './requests.ts';
import type { Source, TargetFacts } from './workloads.ts';

/** better-auth's session check: cookie in, session and user out. No cookie cache, which is its default. */
export function getSession({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 13);
  const cookies = cookieJar();
  return () => {
    const id = next();
    return {
      request: writeRequest('GET', '/api/auth/get-session', host, [cookies(id)]),
      status: 200,
      isRight: ({ body }) => body.includes(personOf(id).email),
    };
  };
}

export function updateUser({ host, size }: TargetFacts): Source {
  const next = randomEvenIds(size, 17);
  const cookies = cookieJar();
  let turn = 0;
  return () => {
    const id = next();
    turn += 1;
    const headers = [`Origin: http://${host}`, cookies(id)];
    return {
      request: writeRequest('POST', '/api/auth/update-user', host, headers, { name: `Visitor ${turn}` }),
      status: 200,
      isRight: ({ body }) => body.includes('"status":true'),
    };
  };
}

export function signIn({ host, size }: TargetFacts): Source {
  const next = randomIds(size, 20);
  return () => {
    const { email } = personOf(next());
    return {
      request: writeRequest('POST', '/api/auth/sign-in/email', host, [`Origin: http://${host}`], { email, password }),
      status: 200,
      isRight: ({ body }) => body.includes(email),
    };
  };
}

export function signUp({ host }: TargetFacts): Source {
  let turn = 0;
  return () => {
    turn += 1;
    const body = { name: 'New Visitor', email: `new.visitor.${turn}@example.org`, password };
    return {
      request: writeRequest('POST', '/api/auth/sign-up/email', host, [`Origin: http://${host}`], body),
      status: 200,
      isRight: (answer) => answer.body.includes(body.email),
    };
  };
}

/** Cookie lines, signed once each: the clients got theirs at sign-in. */
function cookieJar(): (id: number) => string {
  const lines = new Map<number, string>();
  return (id) => {
    const known = lines.get(id);
    if (known !== undefined) return known;
    const line = `Cookie: ${peerCookieOf(peerIdentityOf(id).sessionToken)}`;
    lines.set(id, line);
    return line;
  };
}
