import { type Answer, HttpConnection } from '../../bench/http-connection.ts';
import { writeRequest } from '../../bench/requests.ts';

export type { Answer };

/** What is sent: method and path in one, headers as lines, a body as JSON. */
export interface Wanted {
  line: string;
  headers?: readonly string[];
  body?: unknown;
}

/** One keep-alive connection to one server, one request at a time; it connects anew where it must. */
export class Client {
  readonly #connection: HttpConnection;
  readonly #host: string;
  readonly #patienceMs: number;

  /** An answer that takes longer than `patienceMs` breaks the connection: that request has hung. */
  constructor(url: string, patienceMs = 15_000) {
    this.#connection = new HttpConnection(url);
    this.#host = new URL(url).host;
    this.#patienceMs = patienceMs;
  }

  /** Resolves with whatever is answered, and with an Error when the connection breaks or the server says nothing. */
  send({ line, headers, body }: Wanted): Promise<Answer | Error> {
    const [method = '', path = ''] = line.split(' ');
    const request = writeRequest(method, path, this.#host, headers, body);
    return new Promise((resolve) => {
      const patience = setTimeout(() => {
        resolve(new HangError(`No answer to ${line} within ${this.#patienceMs} ms`));
        this.#connection.close();
      }, this.#patienceMs);
      this.#connection.send(request, (answer) => {
        clearTimeout(patience);
        resolve(answer);
      });
    });
  }

  close(): void {
    this.#connection.close();
  }
}

/** The server took the request and said nothing. */
export class HangError extends Error {}

/** A header of an answer; undefined when it is not there. */
export function headerOf({ head }: Answer, name: string): string | undefined {
  const lines = head.split('\r\n').slice(1);
  const line = lines.find((each) => each.slice(0, name.length + 1).toLowerCase() === `${name}:`);
  return line?.slice(name.length + 1).trim();
}

/** The body of an answer, parsed. */
export function jsonOf({ body }: Answer): Record<string, unknown> {
  return JSON.parse(body.toString()) as Record<string, unknown>;
}

/** Sends one request on a connection of its own. Throws when there is no answer. */
export async function ask(url: string, wanted: Wanted): Promise<Answer> {
  const client = new Client(url);
  const answer = await client.send(wanted);
  client.close();
  if (answer instanceof Error) throw answer;
  return answer;
}
