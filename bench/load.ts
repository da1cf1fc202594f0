import { HttpConnection } from './http-connection.ts';
import { type LatencySummary, summarise } from './latency.ts';
import { type ServerKind, type Source, type TargetFacts, type WorkloadName, workloadOf } from './workloads.ts';

/** A slice of load: one workload on one server for a moment. */
export interface SliceOrder {
  workload: WorkloadName;
  kind: ServerKind;
  /** Where the connections go, in turns. */
  urls: string[];
  /** Requests to the same database share their state: tokens that rotated, e-mails that are taken. */
  dataKey: string;
  facts: Omit<TargetFacts, 'host'>;
  connections: number;
  /** Load before the measuring begins: connections open, caches fill. */
  rampMs: number;
  measureMs: number;
}

export interface SliceResult extends LatencySummary {
  /** Requests answered from the end of the ramp on, the wrong ones included. */
  requests: number;
  errors: number;
  perSecond: number;
  elapsedMs: number;
  /** CPU time of this process within the measured time, as a share of one core. */
  clientCores: number;
  /** What the first wrong answer looked like. */
  firstError?: string;
}

/** An answer that takes longer counts as an error and costs the connection. */
const answerTimeoutMs = 15_000;
const sampleEvery = 50;

const sources = new Map<string, Source>();

function sourceOf({ workload, kind, dataKey, urls, facts }: SliceOrder): Source {
  const key = `${dataKey} ${workload}`;
  let source = sources.get(key);
  if (source === undefined) {
    const create = workloadOf(workload).sources[kind];
    if (create === undefined) throw new Error(`There is no ${workload} for ${kind}`);
    source = create({ ...facts, host: new URL(urls[0]!).host });
    sources.set(key, source);
  }
  return source;
}

/** Keeps every connection busy with one request at a time, and waits for the last answers before it ends. */
async function runSlice(order: SliceOrder): Promise<SliceResult> {
  const next = sourceOf(order);
  const isStateful = workloadOf(order.workload).isStateful === true;
  const begin = performance.now() + order.rampMs;
  const end = begin + order.measureMs;
  const latencies: number[] = [];
  let errors = 0;
  let firstError: string | undefined;
  let last = begin;
  let cpuAtBegin: NodeJS.CpuUsage | undefined;
  const mark = setTimeout(() => {
    cpuAtBegin = process.cpuUsage();
  }, order.rampMs);

  const client = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const connection = new HttpConnection(order.urls[index % order.urls.length]!);
      let count = 0;
      let sentAt = 0;
      const watch = setInterval(() => {
        if (performance.now() - sentAt > answerTimeoutMs) connection.close();
      }, 1_000);
      const ask = (): void => {
        sentAt = performance.now();
        if (sentAt >= end) {
          clearInterval(watch);
          connection.close();
          resolve();
          return;
        }
        const exchange = next(index);
        connection.send(exchange.request, (answer) => {
          const now = performance.now();
          const fault =
            answer instanceof Error
              ? answer.message
              : answer.status !== exchange.status ||
                  ((isStateful || count % sampleEvery === 0) && !exchange.isRight(answer))
                ? `${answer.head.split('\r\n', 1)[0]}: ${answer.body.toString().slice(0, 300)}`
                : undefined;
          count += 1;
          // Errors count whenever they come; the ramp is no place to hide them.
          if (fault !== undefined) {
            errors += 1;
            firstError ??= fault;
          }
          if (now >= begin) {
            latencies.push(now - sentAt);
            last = now;
          }
          // A refused connection fails at once: without a pause it would be asked for in a tight loop.
          if (answer instanceof Error) setTimeout(ask, 50);
          else ask();
        });
      };
      ask();
    });

  await Promise.all(Array.from({ length: order.connections }, (_, index) => client(index)));
  clearTimeout(mark);
  const cpu = process.cpuUsage(cpuAtBegin);
  // To the last answer and not to the end of the slice: a slow server is not robbed of what it was working on.
  const elapsedMs = last - begin;
  return {
    requests: latencies.length,
    errors,
    perSecond: latencies.length === 0 ? 0 : latencies.length / (elapsedMs / 1000),
    elapsedMs,
    clientCores: (cpu.user + cpu.system) / 1000 / elapsedMs,
    firstError,
    ...summarise(latencies),
  };
}

process.on('message', (order: SliceOrder) => {
  runSlice(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
