import { expect, it } from 'vitest';
import { type CallFrame, sharesOf } from './profile-shares.ts';

const frame = (functionName: string, url = ''): CallFrame => ({ functionName, url, lineNumber: 0, columnNumber: 0 });
const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 7, 8] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('send', '/app/node_modules/fastify/lib/reply.js'), children: [4] },
    { id: 4, callFrame: frame('end', 'node:_http_outgoing'), children: [5] },
    { id: 5, callFrame: frame('writev') },
    { id: 6, callFrame: frame('writev') },
    { id: 7, callFrame: frame('query', '/app/node_modules/pg/lib/client.js'), children: [6] },
    { id: 8, callFrame: frame('find', '/app/src/storage/sessions.ts'), children: [9, 10] },
    { id: 9, callFrame: frame('utf8Slice') },
    { id: 10, callFrame: frame('all') },
  ],
  samples: [5, 2, 3, 4, 5, 6, 8, 9, 10, 3],
  timeDeltas: [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 2000, 9000],
};

it('says what a thread did meanwhile, natives by their callers and writes by what is written to', () => {
  const shares = sharesOf(profile, 2, 10, ({ url }) => url);
  expect(Object.fromEntries(shares)).toEqual({
    'polling and reading sockets, waiting': 1 / 9,
    Fastify: 1 / 9,
    'Node.js (http, net, streams)': 1 / 9,
    'writing answers, kernel included': 1 / 9,
    'writing to PostgreSQL, kernel included': 1 / 9,
    'Foyer: storage': 4 / 9,
  });
  expect([...sharesOf(profile, 0, 2, () => '').keys()]).toEqual([
    'writing answers, kernel included',
    'polling and reading sockets, waiting',
  ]);
});
