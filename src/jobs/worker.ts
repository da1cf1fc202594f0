import { randomUUID } from 'node:crypto';
import type { AccountDeps } from '../accounts/deps.ts';
import { dispatchEvents } from '../accounts/dispatch-events.ts';
import type { LoyaltyPlatform, LoyaltyPlatforms } from '../accounts/loyalty-platform.ts';
import type { QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import { Breaker, type BreakerState } from './breaker.ts';
import { HeldRow, HeldRows } from './held-rows.ts';
import type { Attempt, JobKind, JobOutcome, JobTools } from './job.ts';
import { workOn } from './loyalty.ts';
import { settleFailure } from './settle-failure.ts';
import { watchPlatform } from './watched-platform.ts';

/** Where the worker says what people should see. */
export interface JobLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LoyaltyWorkerOptions {
  deps: AccountDeps;
  platforms: LoyaltyPlatforms;
  log: JobLog;
  count(chainId: number, kind: JobKind, outcome: JobOutcome): void;
  /** Works on some of the platform's notices that are due, and gives how many: see inbox.ts. */
  workOnNotices?(): Promise<number>;
  /** Customers of one chain that this process works on at once; the platform's own limits are kept elsewhere. */
  customersAtOnce?: number;
  leaseSeconds?: number;
  /** How often other nodes' changes and what has become due are looked for. */
  pollMs?: number;
  /** Milliseconds that never go back, for the circuit breakers. */
  clock?(): number;
  /** In [0, 1), for the jitter. */
  random?(): number;
}

/** Events that one transaction takes out of the outbox. */
const eventsAtOnce = 100;
/** Changes that follow each other this closely are dispatched together. */
const gatherMs = 20;
/** Times in a row that notices are taken before something else has its turn. */
const noticeRounds = 25;
/** After trouble with the database. */
const restMs = 5_000;
/** A success is noted for all to see when the last one noted is older. */
const noteEveryMs = 10_000;

interface ChainWatch {
  breaker: Breaker;
  /** The last pause is over, and nobody knows yet whether the chain is mended. */
  isProbing: boolean;
  notedAt: number | undefined;
}

/**
 * Carries what waits for the loyalty platform there, outside of any request: works on the platform's notices, dispatches
 * events, takes due rows under a lease, works on them with a cap on the customers at once, and settles how it went. Any number of nodes may run one. A
 * worker that dies loses its leases, and its rows are done again by another. During maintenance it rests.
 */
export class LoyaltyWorker {
  readonly #options: Required<LoyaltyWorkerOptions>;
  readonly #chains = new Map<number, ChainWatch>();
  readonly #held = new HeldRows();
  #loop: Promise<void> | undefined;
  #renewing: NodeJS.Timeout | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #isStopping = false;
  #isRoused = false;
  #rouse: () => void = () => undefined;

  constructor(options: LoyaltyWorkerOptions) {
    this.#options = {
      customersAtOnce: 8,
      leaseSeconds: 30,
      pollMs: 1_000,
      clock: () => performance.now(),
      random: Math.random,
      workOnNotices: async () => 0,
      ...options,
    };
  }

  start(): void {
    const renewMs = (this.#options.leaseSeconds * 1000) / 3;
    this.#renewing = setInterval(() => {
      this.#renewLeases().catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'leases could not be renewed');
      });
    }, renewMs).unref();
    this.#loop = this.#run();
  }

  /** To be called after a commit that wrote an event: the next look is not waited for. */
  wake(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      this.#look();
    }, gatherMs).unref();
  }

  /** Customers being worked on. */
  get running(): number {
    return this.#held.size;
  }

  breakerOf(chainId: number): BreakerState {
    return this.#chains.get(chainId)?.breaker.state ?? 'closed';
  }

  /** Takes no more rows, gives those under way up to `drainMs` to end, and gives the rest back. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#gathering);
    this.#look();
    await this.#loop;
    const deadline = setTimeout(() => this.#held.stop(new Error('The server stops')), drainMs);
    await this.#held.ended();
    clearTimeout(deadline);
    clearInterval(this.#renewing);
  }

  async #run(): Promise<void> {
    const { deps, log, pollMs } = this.#options;
    while (!this.#isStopping) {
      let waitMs = pollMs;
      try {
        if (deps.directory.maintenanceSince === undefined && (await this.#takeTurn())) waitMs = 0;
      } catch (error) {
        log.warn({ err: error }, 'the queue for the loyalty platform could not be worked on');
        waitMs = restMs;
      }
      await this.#wait(waitMs);
    }
  }

  /** True when there may be more to do at once. */
  async #takeTurn(): Promise<boolean> {
    const { deps, platforms } = this.#options;
    // Notices first: what is sent afterwards has heard them.
    const hasNotices = await this.#takeNotices();
    const dispatched = await dispatchEvents(deps, eventsAtOnce);
    for (const { id } of deps.directory.topology.data.chains) {
      const platform = platforms.platformOf(id);
      if (platform !== undefined && !this.#isStopping) await this.#takeRows(platform);
    }
    return hasNotices || dispatched === eventsAtOnce;
  }

  /** True when there may be more. */
  async #takeNotices(): Promise<boolean> {
    for (let round = 0; round < noticeRounds && !this.#isStopping; round += 1) {
      if ((await this.#options.workOnNotices()) === 0) return false;
    }
    return true;
  }

  async #takeRows(platform: LoyaltyPlatform): Promise<void> {
    const { deps, customersAtOnce, leaseSeconds } = this.#options;
    const { chainId } = platform;
    const watch = this.#watchOf(chainId);
    const busy = this.#held.countOf(chainId);
    if (watch.breaker.admits(customersAtOnce) <= busy) return;
    const now = deps.now();
    if (!(await deps.store.queue.hasDue(chainId, now))) return;
    const { pausedUntil, pauseCount } = await deps.store.chainStates.find(chainId);
    if (pausedUntil !== null && pausedUntil > now) return;
    watch.isProbing = pauseCount > 0;
    const free = watch.breaker.admits(watch.isProbing ? 1 : customersAtOnce) - busy;
    if (free <= 0) return;
    const lease = { token: randomUUID(), until: addSeconds(now, leaseSeconds) };
    const rows = await deps.store.transaction(({ queue }) => queue.claim(chainId, free, lease, now));
    for (const row of rows) this.#begin(platform, watch, row, new HeldRow(row, lease, leaseSeconds));
  }

  #begin(platform: LoyaltyPlatform, watch: ChainWatch, row: QueueRow, held: HeldRow): void {
    const { chainId, customerId } = row;
    const ended = this.#work(platform, watch, row, held)
      .catch((error: unknown) => {
        // Nothing could be noted: the row is taken again once its lease has run out.
        this.#options.log.warn({ err: error, chain: chainId, customer: customerId }, 'a row could not be settled');
      })
      .finally(() => this.#look());
    this.#held.add(held, ended);
  }

  async #work(platform: LoyaltyPlatform, watch: ChainWatch, row: QueueRow, held: HeldRow): Promise<void> {
    const { deps, log, random, count } = this.#options;
    const { claim, signal } = held;
    const { chainId, customerId } = claim;
    const about = { chain: chainId, customer: customerId, reqId: row.requestId };
    const tools: JobTools = {
      deps,
      platform: watchPlatform(platform, {
        onAnswer: () => watch.breaker.succeed(),
        onTrouble: () => watch.breaker.fail(),
        onSuccess: () => this.#noteSuccess(chainId, watch),
      }),
      count: (kind, outcome) => count(chainId, kind, outcome),
      onRefusal: (reason) => log.warn({ ...about, ...reason }, 'what the loyalty platform says was not taken over'),
    };
    const attempt: Attempt = { kind: 'push', payload: null };
    try {
      const beforeSending = (): void => held.stopIfLapsing(deps.now());
      await workOn(tools, row, claim, { signal, beforeSending, requestId: row.requestId }, attempt);
    } catch (error) {
      if (signal.aborted) {
        // The lease ends and stays to be seen: what was begun may have been carried out.
        await deps.store.transaction(({ queue }) => queue.renew(claim, deps.now()));
        return;
      }
      const settled = await settleFailure(deps, row, claim, error, attempt.payload, random());
      if (settled === 'retried' || settled === 'dead') count(chainId, attempt.kind, settled);
      const fields = { ...about, err: error, job: attempt.kind };
      if (settled === 'paused') log.error(fields, 'the loyalty platform shuts the chain out: its link is paused');
      else if (settled === 'dead') log.warn(fields, 'given up: the loyalty platform will not take this');
      else if (settled === 'retried' && (error as Error).name !== 'LoyaltyPlatformError') {
        log.error(fields, 'a job for the loyalty platform failed');
      }
    }
  }

  async #noteSuccess(chainId: number, watch: ChainWatch): Promise<void> {
    const { deps, clock } = this.#options;
    const isRecent = watch.notedAt !== undefined && clock() - watch.notedAt < noteEveryMs;
    if (isRecent && !watch.isProbing) return;
    const mended = watch.isProbing ? { pausedUntil: null, pauseReason: null, pauseCount: 0 } : {};
    watch.isProbing = false;
    watch.notedAt = clock();
    await deps.store.transaction(({ chainStates }) =>
      chainStates.save(chainId, { lastSuccessAt: deps.now(), ...mended }),
    );
  }

  async #renewLeases(): Promise<void> {
    const { deps, leaseSeconds } = this.#options;
    await this.#held.renew(deps.store, addSeconds(deps.now(), leaseSeconds));
  }

  #watchOf(chainId: number): ChainWatch {
    let watch = this.#chains.get(chainId);
    if (watch === undefined) {
      watch = { breaker: new Breaker(this.#options.clock), isProbing: false, notedAt: undefined };
      this.#chains.set(chainId, watch);
    }
    return watch;
  }

  #look(): void {
    this.#isRoused = true;
    this.#rouse();
  }

  async #wait(ms: number): Promise<void> {
    if (!this.#isRoused && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms).unref();
        this.#rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    } else {
      // Requests come first, also while there is more to do.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isRoused = false;
  }
}
