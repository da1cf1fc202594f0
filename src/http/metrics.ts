import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The numbers an operator watches; one registry per server, so that tests do not share them. */
export interface Metrics {
  registry: Registry;
  countSignIn(wire: 'gomus' | 'spaaza', outcome: string): void;
  observeAnswer(answer: { method: string; route: string; status: number; milliseconds: number }): void;
  observeTransaction(seconds: number, outcome: 'committed' | 'refused' | 'unavailable'): void;
  /** From now on tells, whenever the metrics are read, whether the limits per network hold on all nodes. */
  watchRateLimits(isShared: () => boolean): void;
}

/** Where the gauges look when they are read. */
export interface Watched {
  hashQueue: { queued: number; running: number; doneTotal: number; shedTotal: number; averageJobMs: number };
  isMaintenance(): boolean;
}

/** Makes the metrics of one server. Names follow Prometheus' conventions: base units, `_total` for counters. */
export function createMetrics(watched: Watched): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const signIns = new Counter({
    name: 'foyer_sign_ins_total',
    help: 'Password checks by wire and outcome',
    labelNames: ['wire', 'outcome'],
    registers,
  });
  const requests = new Histogram({
    name: 'foyer_http_request_duration_seconds',
    help: 'Time from the head of a request to its answer, by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  // Looking a series up by its labels costs more than counting in it; patterns and statuses are few.
  const seriesByAnswer = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>();
  const transactions = new Histogram({
    name: 'foyer_database_transaction_duration_seconds',
    help: 'Time from asking for a transaction to its commit on disk, by outcome',
    labelNames: ['outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const watch = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  const gauges: [string, string, () => number][] = [
    ['foyer_hash_queue_length', 'Password hashes that wait', () => watched.hashQueue.queued],
    ['foyer_hash_running', 'Password hashes being computed', () => watched.hashQueue.running],
    ['foyer_hash_average_seconds', 'Average time of a hash', () => watched.hashQueue.averageJobMs / 1000],
    ['foyer_maintenance', '1 while the doors are closed', () => Number(watched.isMaintenance())],
  ];
  for (const [name, help, read] of gauges) watch(name, help, read);
  const counters: [string, string, () => number][] = [
    ['foyer_hashes_total', 'Turns of password hashing done', () => watched.hashQueue.doneTotal],
    [
      'foyer_hash_shed_total',
      'Password hashes refused because the line was too long',
      () => watched.hashQueue.shedTotal,
    ],
  ];
  for (const [name, help, read] of counters) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
  return {
    registry,
    countSignIn: (wire, outcome) => signIns.inc({ wire, outcome }),
    observeAnswer: ({ method, route, status, milliseconds }) => {
      const key = `${method} ${status} ${route}`;
      let series = seriesByAnswer.get(key);
      if (series === undefined) {
        series = requests.labels({ method, route, status });
        seriesByAnswer.set(key, series);
      }
      series.observe(milliseconds / 1000);
    },
    observeTransaction: (seconds, outcome) => transactions.observe({ outcome }, seconds),
    watchRateLimits: (isShared) =>
      watch('foyer_rate_limits_shared', '1 while limits per network hold on all nodes', () => Number(isShared())),
  };
}
