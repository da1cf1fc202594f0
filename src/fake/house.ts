import { type Behaviour, goodBehaviour } from './behaviour.ts';
import { Journal } from './journal.ts';
import { People } from './people.ts';
import { Webhooks, type WebhookTarget } from './webhooks.ts';

/** What was counted at the door since the last time the journal was cleared. */
export interface FakeStats {
  connections: number;
  /** Requests to the platform's endpoints, those cut off included. */
  requests: number;
  /** Requests answered with an error of the platform. */
  refused: number;
  inFlight: number;
  mostInFlight: number;
}

/** Who may call. */
export interface FakeChain {
  chainId: number;
  /** `key:secret`, as the bearer presents it. */
  credential: string;
  /** What the app hostname header must say. */
  hostname: string;
}

/** The state of one stand-in: its people, what it noted, and how it behaves. */
export class FakeHouse {
  readonly chain: FakeChain;
  readonly people: People;
  readonly journal: Journal;
  readonly webhooks: Webhooks;
  readonly stats: FakeStats = { connections: 0, requests: 0, refused: 0, inFlight: 0, mostInFlight: 0 };
  #behaviour: Behaviour = goodBehaviour();
  #behavedSince = performance.now();

  constructor(chain: FakeChain, now: () => Date, webhook: WebhookTarget | undefined) {
    this.chain = chain;
    this.journal = new Journal(now);
    this.webhooks = new Webhooks(chain.chainId, () => this.#behaviour);
    this.webhooks.target = webhook;
    this.people = new People(now, (person, before) => {
      const turned = (before?.programme_opted_in ?? false) !== person.fields.programme_opted_in;
      this.webhooks.announce(person, turned ? 'shopper.opted-in' : 'shopper.altered');
    });
  }

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  /** Milliseconds since the behaviour was last set. */
  get behavedForMs(): number {
    return performance.now() - this.#behavedSince;
  }

  behave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
    this.#behavedSince = performance.now();
  }

  enter(): void {
    this.stats.requests += 1;
    this.stats.inFlight += 1;
    this.stats.mostInFlight = Math.max(this.stats.mostInFlight, this.stats.inFlight);
  }

  leave(): void {
    this.stats.inFlight -= 1;
  }

  /** Forgets what was noted and counted; people and behaviour stay. */
  clearJournal(): void {
    this.journal.clear();
    this.webhooks.deliveries.length = 0;
    Object.assign(this.stats, { connections: 0, requests: 0, refused: 0, mostInFlight: this.stats.inFlight });
  }
}
