import { createServer } from 'node:http';
import SqliteDatabase from 'better-sqlite3';

// The limit for reads: nothing but node:http, one read by primary key, JSON.stringify. `node bare-server.mjs <file> <port>`
const [, , path = '', port = ''] = process.argv;
const db = new SqliteDatabase(path, { readonly: true });
const byId = db.prepare('select * from customers where id = ?');

const server = createServer((request, response) => {
  const row = byId.get(Number(request.url?.slice('/customers/'.length)));
  const body = Buffer.from(JSON.stringify(row ?? null));
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(body);
});
server.keepAliveTimeout = 72_000;
server.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit());
