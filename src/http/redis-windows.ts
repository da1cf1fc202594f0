import type { RedisClientType } from '@redis/client';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { LimiterFactory } from './window-limiter.ts';

export interface RedisWindows {
  readonly limiter: LimiterFactory;
  /** Writes a value, over a new connection if there is none. Rejects when that is not done within a second. */
  check(): Promise<void>;
  close(): void;
}

type Client = RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 2>;

const CHECK_MS = 1_000;
/** Before every key, so that Foyer can live in one database with others. */
const KEY_PREFIX = 'foyer';

/**
 * Keeps windows in Redis, Valkey or what speaks as they do: one server, or an address that always leads to the one that
 * is written to. `url` as the setting's kind allows it. Connects, and loads the client, at the first `check` and not
 * before; without a connection the limiters reject at once.
 */
export function openRedisWindows(url: string): RedisWindows {
  let client: Client | undefined;
  let isClosed = false;
  let lastError: unknown;

  // Only the first reason counts: to be dropped is another one to whatever is under way.
  const drop = (lost: Client, error: unknown): void => {
    if (client !== lost) return;
    client = undefined;
    lastError = error;
    lost.destroy();
  };
  const connected = (): Client => {
    if (client?.isReady !== true) throw new Error('There is no connection to Redis', { cause: lastError });
    return client;
  };
  // What the library asks of a client. It keeps the one it is given, while connections come and go.
  const storeClient = {
    eval: async (...args: Parameters<Client['eval']>) => connected().eval(...args),
    multi: () => connected().multi(),
  };

  return {
    limiter: ({ keyPrefix, points, durationSeconds }) =>
      new RateLimiterRedis({
        storeClient,
        useRedisPackage: true,
        keyPrefix: `${KEY_PREFIX}:${keyPrefix}`,
        points,
        duration: durationSeconds,
      }),
    async check() {
      const current = client ?? (await makeClient(url, drop));
      if (isClosed) return;
      client = current;
      // Cuts off whoever has not answered: a server that hangs would be asked on the same connection for ever.
      const overdue = setTimeout(() => drop(current, new Error(`No answer within ${CHECK_MS} ms`)), CHECK_MS);
      try {
        if (!current.isOpen) await current.connect();
        // Writing finds out what a ping does not: a replica that only reads, or a server without room.
        await current.set(`${KEY_PREFIX}:check`, '1', { expiration: { type: 'EX', value: 60 } });
      } catch (error) {
        drop(current, error);
        throw lastError;
      } finally {
        clearTimeout(overdue);
      }
    },
    close() {
      isClosed = true;
      client?.destroy();
      client = undefined;
    },
  };
}

async function makeClient(url: string, onLoss: (client: Client, error: unknown) => void): Promise<Client> {
  // In the bundle, as with every module of the older kind, all there is is the default.
  const { default: driver } = await import('@redis/client');
  const made: Client = driver.createClient({
    url,
    // The older protocol suffices, and everything speaks it.
    RESP: 2,
    socket: { connectTimeout: CHECK_MS, reconnectStrategy: false },
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  made.on('error', (error) => onLoss(made, error));
  return made;
}
