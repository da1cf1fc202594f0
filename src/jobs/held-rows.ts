import type { Claim, QueueRow } from '../accounts/loyalty-queue.ts';
import { addSeconds } from '../accounts/session.ts';
import type { Store } from '../accounts/store.ts';

/** A row that this process works on, for as long as its lease lasts. */
export class HeldRow {
  readonly claim: Claim;
  readonly #stopper = new AbortController();
  readonly #marginSeconds: number;
  #until: string;

  constructor(
    { chainId, customerId, revision }: QueueRow,
    lease: { token: string; until: string },
    leaseSeconds: number,
  ) {
    this.claim = { chainId, customerId, revision, leaseToken: lease.token };
    this.#until = lease.until;
    this.#marginSeconds = leaseSeconds / 3;
  }

  /** Aborted when the work has to end before its end. */
  get signal(): AbortSignal {
    return this.#stopper.signal;
  }

  renewed(until: string): void {
    this.#until = until;
  }

  stop(reason: Error): void {
    this.#stopper.abort(reason);
  }

  /**
   * Stops the work when only a third of the lease is left, which no renewal has moved on for as long as two of them take:
   * what would be sent now might arrive when somebody else has the row and has sent what is younger. After a standstill, and
   * while the database is away, the clock is all that tells.
   */
  stopIfLapsing(now: string): void {
    if (addSeconds(now, this.#marginSeconds) >= this.#until) this.stop(leaseIsLost());
  }
}

/** The rows that one worker works on. */
export class HeldRows {
  readonly #rows = new Map<HeldRow, Promise<void>>();

  get size(): number {
    return this.#rows.size;
  }

  countOf(chainId: number): number {
    return [...this.#rows.keys()].filter(({ claim }) => claim.chainId === chainId).length;
  }

  /** Keeps a row until its work has ended, which must not fail. */
  add(row: HeldRow, ended: Promise<void>): void {
    this.#rows.set(
      row,
      ended.finally(() => this.#rows.delete(row)),
    );
  }

  stop(reason: Error): void {
    for (const row of this.#rows.keys()) row.stop(reason);
  }

  async ended(): Promise<void> {
    await Promise.all(this.#rows.values());
  }

  /** Makes all leases last until a moment. Whoever lost one, after a long standstill, must not go on: another may have the row. */
  async renew(store: Store, until: string): Promise<void> {
    if (this.#rows.size === 0) return;
    const held = [...this.#rows.keys()];
    const renewed = await store.transaction(async ({ queue }) => {
      const isHeld = new Map<HeldRow, boolean>();
      for (const row of held) isHeld.set(row, await queue.renew(row.claim, until));
      return isHeld;
    });
    for (const [row, isHeld] of renewed) {
      if (isHeld) row.renewed(until);
      else row.stop(leaseIsLost());
    }
  }
}

const leaseIsLost = (): Error => new Error('The lease is lost');
