import { createHmac } from 'node:crypto';
import type { Behaviour } from './behaviour.ts';
import { type Person, userInfoOf } from './person.ts';

export interface WebhookTarget {
  url: string;
  /** Signs the raw body: base64 of HMAC-SHA256 in `X-Spaaza-Hmac-SHA256` (spaaza 3.8). */
  secret: string;
}

/** One attempt to deliver; the stand-in makes no second one, since the real schedule is not published. */
export interface Delivery {
  userId: number;
  type: string;
  /** HTTP status of the answer; null when there was none. */
  status: number | null;
}

const sendersAtOnce = 4;

/** Tells a URL of every change of a person, in the form of the platform's user webhooks. */
export class Webhooks {
  readonly deliveries: Delivery[] = [];
  target: WebhookTarget | undefined;
  readonly #chainId: number;
  readonly #behaviour: () => Behaviour;
  readonly #waiting: { userId: number; type: string; body: string }[] = [];
  readonly #senders = new Set<Promise<void>>();

  constructor(chainId: number, behaviour: () => Behaviour) {
    this.#chainId = chainId;
    this.#behaviour = behaviour;
  }

  /** Queues an event with the person as he is now. Nothing is queued while there is no target. */
  announce(person: Person, type: 'shopper.altered' | 'shopper.opted-in'): void {
    if (this.target === undefined) return;
    const { duplicate, outOfOrder } = this.#behaviour();
    const event = { userId: person.userId, type, body: JSON.stringify(this.#eventOf(person, type)) };
    for (let copies = duplicate ? 2 : 1; copies > 0; copies -= 1) {
      const place = outOfOrder ? Math.floor(Math.random() * (this.#waiting.length + 1)) : this.#waiting.length;
      this.#waiting.splice(place, 0, event);
    }
    while (this.#senders.size < Math.min(sendersAtOnce, this.#waiting.length)) this.#startSender();
  }

  /** Resolves when everything queued was sent. */
  async settled(): Promise<void> {
    while (this.#senders.size > 0) await Promise.all(this.#senders);
  }

  /** Gives up what waits. */
  stop(): void {
    this.target = undefined;
    this.#waiting.length = 0;
  }

  #startSender(): void {
    const sender = this.#send().finally(() => this.#senders.delete(sender));
    this.#senders.add(sender);
  }

  async #send(): Promise<void> {
    // Events announced in one turn of the event loop get the chance to overtake each other.
    await new Promise((done) => setImmediate(done));
    for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
      const { userId, type, body } = event;
      this.deliveries.push({ userId, type, status: await this.#post(body) });
    }
  }

  async #post(body: string): Promise<number | null> {
    const { target } = this;
    if (target === undefined) return null;
    const signature = createHmac('sha256', target.secret).update(body).digest('base64');
    const headers = { 'content-type': 'application/json', 'x-spaaza-hmac-sha256': signature };
    try {
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(target.url, { method: 'POST', body, headers, signal });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return null;
    }
  }

  /** The `id` is the same for every event of a person, and the member number an object: so it is there (spaaza 3.8). */
  #eventOf(person: Person, type: string): object {
    const info = userInfoOf(person);
    const { birthday, member_number: code } = person.fields;
    return {
      id: `user${person.userId}`,
      type,
      chain_id: this.#chainId,
      created: `${person.modifiedAt.toISOString().slice(0, 19)}+00:00`,
      data: {
        ...info,
        birthday: birthday === null ? null : `${birthday}T00:00:00+00:00`,
        member_number: code === null ? null : { code, type: 'custom' },
      },
    };
  }
}
