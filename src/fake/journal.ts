import type { Identity } from './people.ts';

/** A request that was carried out. */
export interface JournalEntry {
  /** Counts from 1, in the order requests were carried out. */
  sequence: number;
  at: string;
  method: string;
  /** `get-user`, `add-user`, `alter-user` or `delete-user`. */
  endpoint: string;
  /** What the request named the person by; null for add-user. */
  identity: Identity | null;
  userId: number | null;
  /** Counts from 1 what was carried out for this person; null where nobody was found. */
  userSequence: number | null;
  requestId: string | null;
  apiVersion: string | null;
  /** As it was sent. */
  parameters: Record<string, unknown>;
}

export type NewEntry = Omit<JournalEntry, 'sequence' | 'at' | 'userSequence'>;

/** What was carried out, in order: the proof of what reached the platform, and when in relation to what else. */
export class Journal {
  readonly #now: () => Date;
  #entries: JournalEntry[] = [];
  #counts = new Map<number, number>();

  constructor(now: () => Date) {
    this.#now = now;
  }

  record(entry: NewEntry): void {
    const { userId } = entry;
    const userSequence = userId === null ? null : (this.#counts.get(userId) ?? 0) + 1;
    if (userId !== null && userSequence !== null) this.#counts.set(userId, userSequence);
    this.#entries.push({ sequence: this.#entries.length + 1, at: this.#now().toISOString(), userSequence, ...entry });
  }

  entries(userId?: number): readonly JournalEntry[] {
    return userId === undefined ? this.#entries : this.#entries.filter((entry) => entry.userId === userId);
  }

  clear(): void {
    this.#entries = [];
    this.#counts = new Map();
  }
}
