import { Counter, Gauge, type Registry } from 'prom-client';
import { shareReading } from './share-reading.ts';

/** What lies in the inbox for notices of the loyalty platform, as all nodes see it. */
export interface InboxReading {
  waiting: number;
  dead: number;
  /** Seconds since the notice came whose turn is next; 0 when none waits. */
  oldestSeconds: number;
}

export interface NoticeMetrics {
  /** Counts what became of a webhook at the door; the chain is undefined when it is not one of ours. */
  countWebhook(chainId: number | undefined, outcome: string): void;
  /** Counts what came of a notice that was worked on. */
  countNotice(chainId: number, outcome: string): void;
}

/** Adds the numbers of what the loyalty platform tells by itself. Without a database the gauges have no value. */
export function addNoticeMetrics(registry: Registry, read: () => Promise<InboxReading>): NoticeMetrics {
  const registers = [registry];
  const readOnce = shareReading(() => read().catch(() => undefined));
  new Gauge({
    name: 'foyer_inbox_length',
    help: 'Notices of the loyalty platform that wait, or were given up',
    labelNames: ['state'],
    registers,
    async collect() {
      const found = await readOnce();
      this.reset();
      if (found === undefined) return;
      this.set({ state: 'waiting' }, found.waiting);
      this.set({ state: 'dead' }, found.dead);
    },
  });
  new Gauge({
    name: 'foyer_inbox_oldest_seconds',
    help: 'How long the notice has waited whose turn is next',
    registers,
    async collect() {
      const found = await readOnce();
      this.reset();
      if (found !== undefined) this.set(found.oldestSeconds);
    },
  });
  const webhooks = new Counter({
    name: 'foyer_webhooks_total',
    help: 'Webhooks of the loyalty platform by what became of them at the door',
    labelNames: ['chain', 'outcome'],
    registers,
  });
  const notices = new Counter({
    name: 'foyer_notices_total',
    help: 'Notices of the loyalty platform by what came of them',
    labelNames: ['chain', 'outcome'],
    registers,
  });
  return {
    // Whatever callers make up must not become a series each.
    countWebhook: (chainId, outcome) => webhooks.inc({ chain: chainId ?? 'unknown', outcome }),
    countNotice: (chain, outcome) => notices.inc({ chain, outcome }),
  };
}
