import { createServer, type IncomingMessage } from 'node:http';
import pg from 'pg';

// The limit on PostgreSQL: node:http and the driver with ten connections. `node bare-postgres.mjs <url> <port>`
// GET is one read by primary key and JSON.stringify; PUT one statement, committed by itself, that changes the name and notes
// the change. Nobody is authenticated and nothing is checked.
const [, , url = '', port = ''] = process.argv;
// Ids are numbers in JSON, as they are from SQLite.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
const pool = new pg.Pool({ connectionString: url, max: 10 });

const read = { name: 'read', text: 'select * from customers where id = $1' };
const change = {
  name: 'change',
  text: `with changed as (
    update customers set given_name = $2, updated_at = $3 where id = $1 returning id
  )
  insert into history (customer_id, field, before, after, origin, actor, request_id, changed_at)
  select id, 'givenName', null, to_json($2::text)::text, 'gomus', 'customer', 'bench', $3 from changed`,
};

async function answer(request: IncomingMessage): Promise<unknown> {
  const id = Number(request.url?.slice('/customers/'.length));
  if (request.method !== 'PUT') return (await pool.query({ ...read, values: [id] })).rows[0];
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { name } = JSON.parse(Buffer.concat(chunks).toString()) as { name: string };
  const { rowCount } = await pool.query({ ...change, values: [id, name, new Date().toISOString()] });
  return rowCount === 1 ? { name } : undefined;
}

const server = createServer((request, response) => {
  answer(request).then(
    (found) => {
      const body = Buffer.from(JSON.stringify(found ?? null));
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.end(body);
    },
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
});
server.keepAliveTimeout = 72_000;
server.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit());
