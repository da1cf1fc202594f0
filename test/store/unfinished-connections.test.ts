import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/storage/database.ts';
import * as settings from '../../src/storage/settings.ts';

let server: Server;
afterEach(() => {
  server.close();
});

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const authentication = (code: number, rest: string): Buffer => {
  const number = Buffer.alloc(4);
  number.writeInt32BE(code);
  return message('R', Buffer.concat([number, Buffer.from(rest)]));
};

/** A PostgreSQL that asks for a password as SCRAM-SHA-256 does; gives its port and the connections it has seen. */
async function askingForPassword(): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(authentication(10, 'SCRAM-SHA-256\0\0'));
      socket.once('data', (answer) => {
        const [, nonce] = /r=([^,]+)/.exec(answer.toString('latin1')) ?? [];
        socket.write(authentication(11, `r=${nonce}server,s=c2FsdHNhbHQ=,i=4096`));
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as { port: number }).port, sockets };
}

it('a PostgreSQL that asks for a password we do not have is unavailable, and no connection to it stays open', async () => {
  const { port, sockets } = await askingForPassword();
  const url = `postgres://foyer@127.0.0.1:${port}/foyer`;
  const database = openDatabase({ url, poolSize: 2, statementTimeoutMs: 10_000 });
  for (let count = 0; count < 3; count += 1) {
    await expect(settings.readAll(database.reader)).rejects.toMatchObject({ code: 'storage_unavailable' });
  }
  expect(sockets).toHaveLength(3);
  await Promise.all(sockets.map((socket) => socket.destroyed || new Promise((done) => socket.once('close', done))));
  await database.close();
});
