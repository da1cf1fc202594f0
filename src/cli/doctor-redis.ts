import type { Config } from '../config.ts';
import type { Finding } from './doctor.ts';
import { reasonOf } from './explain-error.ts';

/** The place for shared windows: can it be written; nothing where none is configured. */
export async function checkRedis({ redisUrl }: Config): Promise<Finding[]> {
  if (redisUrl === undefined) return [];
  const check = 'redis';
  const { openRedisWindows } = await import('../http/redis-windows.ts');
  const windows = openRedisWindows(redisUrl);
  try {
    await windows.check();
    return [{ check, status: 'ok', message: 'Redis answers, and can be written' }];
  } catch (error) {
    const advice =
      'check FOYER_REDIS_URL, and that Redis runs and lets this user write; meanwhile each node counts for itself';
    return [{ check, status: 'fail', message: reasonOf(error), advice }];
  } finally {
    windows.close();
  }
}
