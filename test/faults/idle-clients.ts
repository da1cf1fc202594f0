import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { writeRequest } from '../../bench/requests.ts';

/** What a process of its own keeps open. */
export interface IdleOrder {
  url: string;
  count: number;
}

/**
 * Opens so many connections, from ten addresses of this machine, sends one request on each and then says nothing more.
 * Prints `open <count>` once all are answered, and keeps them for a minute unless it is killed before.
 */
export async function keepIdle({ url, count }: IdleOrder): Promise<void> {
  const { hostname, port, host } = new URL(url);
  const sockets: Socket[] = [];
  const open = async (number: number): Promise<void> => {
    const socket = connect({ host: hostname, port: Number(port), localAddress: `127.0.0.${2 + (number % 10)}` });
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(writeRequest('GET', '/api/v4/version', host));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString('latin1').startsWith('HTTP/1.1 200 ')) throw new Error(`Answered ${answer}`);
    socket.on('error', () => undefined);
  };
  let next = 0;
  const openInTurns = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await open(next);
    }
  };
  await Promise.all(Array.from({ length: 100 }, openInTurns));
  console.log(`open ${sockets.length}`);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  for (const socket of sockets) socket.destroy();
}
