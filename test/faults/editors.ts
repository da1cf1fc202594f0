import { setTimeout as pause } from 'node:timers/promises';
import { Client, type Wanted } from './client.ts';
import { deviceHeaders, type House, type Person, partnerHeaders } from './house.ts';
import type { Platform, Shopper } from './platform.ts';
import type { Random } from './random.ts';

/** Who changes something: the customer's own device, a partner with a key, or somebody in the loyalty platform. */
export type Kind = 'device' | 'partner' | 'rename' | 'platform';

/** A customer who is known on both sides, and how far each kind of change has come. */
export interface Linked {
  person: Person;
  userId: number;
  /** No kind touches the fields of another, so that whatever was said last about each field must be there in the end. */
  kinds: readonly Kind[];
  steps: Record<Kind, number>;
}

const allKinds: readonly Kind[] = ['device', 'partner', 'rename', 'platform'];

const kindsByTurn: readonly (readonly Kind[])[] = [
  ['platform'],
  ['device', 'partner'],
  ['device', 'partner', 'platform'],
  ['partner', 'rename'],
];

/** Brings people and shoppers together. */
export function linkedPeople({ people }: House, shoppers: readonly Shopper[]): Linked[] {
  const idByName = new Map(shoppers.map(({ username, user_id }) => [username, user_id as number]));
  return people.map((person, index) => ({
    person,
    userId: idByName.get(person.email)!,
    kinds: kindsByTurn[index % kindsByTurn.length]!,
    steps: { device: 0, partner: 0, rename: 0, platform: 0 },
  }));
}

/** What a step of each kind leaves behind. All but the phone go back to what they were: nothing may be lost on the way. */
export const valuesAt: Record<Kind, (step: number, person: Person) => Record<string, string | boolean>> = {
  device: (step) => ({ phone_number: phoneAt(step) }),
  partner: (step) => ({ first_name: step % 2 === 0 ? 'Ada' : 'Grace' }),
  rename: (step, { email }) => ({ username: step % 2 === 0 ? email : `renamed.${email}` }),
  platform: (step) => ({
    address_towncity: ['Utrecht', 'Leiden', 'Delft'][step % 3]!,
    mailing_list_subscribed: step % 2 === 0,
  }),
};

/** Grows from step to step. */
function phoneAt(step: number): string {
  return `030 ${1_000_000 + step}`;
}

export interface Editing {
  /** How many changes were acknowledged so far, by kind. */
  readonly acknowledged: Record<Kind, number>;
  /** Answers that nobody expected. */
  readonly unexpected: Set<string>;
  /** Resolves when everybody was changed once. */
  readonly firstRound: Promise<void>;
  /** Resolves when that was so, `stop` was called, and all are through with what they are at. */
  readonly end: Promise<void>;
  stop(): void;
  /** Has everybody drop what they are at. */
  giveUp(): void;
}

/**
 * Has customers changed by several editors at once, the same one by several kinds at the same time. Every change is said
 * again, to one node after the other, until it is acknowledged. Goes on until `stop`, and till everybody was changed once.
 */
export function startEditing(
  house: House,
  platform: Platform,
  linked: readonly Linked[],
  options: { urls(): readonly string[]; editors: number; random: Random },
): Editing {
  const acknowledged: Editing['acknowledged'] = { device: 0, partner: 0, rename: 0, platform: 0 };
  const unexpected = new Set<string>();
  let isOver = false;

  let hasGivenUp = false;
  const isGivenUp = () => hasGivenUp || unexpected.size > 20;

  /** Sends until it is acknowledged; `turn` chooses the node that is asked first. */
  const insist = async (clients: Clients, turn: number, wanted: Wanted): Promise<boolean> => {
    for (let attempt = turn; !isGivenUp(); attempt += 1) {
      const urls = options.urls();
      const answer = await clients.of(urls[attempt % urls.length]!).send(wanted);
      if (!(answer instanceof Error)) {
        if (answer.status === 200) return true;
        if (answer.status < 500) {
          unexpected.add(`${wanted.line}: ${answer.status} ${answer.body}`);
          return false;
        }
      }
      await pause(50);
    }
    return false;
  };

  const edit = async (editor: number, onFirstRound: () => void): Promise<void> => {
    const clients = new Map(allKinds.map((kind) => [kind, new Clients()]));
    const own = linked.filter((_each, index) => index % options.editors === editor);
    for (let round = 0; round === 0 || !isOver; round += 1) {
      for (const each of own) {
        if (isGivenUp() || (isOver && round > 0)) break;
        const first = options.random.between(0, each.kinds.length - 1);
        const kinds = each.kinds.slice(first, first + options.random.between(1, each.kinds.length));
        const change = async (kind: Kind): Promise<void> => {
          each.steps[kind] += 1;
          const wanted = await wantedAt(house, platform, each, kind);
          if (await insist(clients.get(kind)!, editor + round, wanted)) acknowledged[kind] += 1;
        };
        await Promise.all(kinds.map(change));
      }
      onFirstRound();
      if (isGivenUp()) break;
    }
    for (const each of clients.values()) each.close();
  };

  const firstRounds: Promise<void>[] = [];
  const ends = Array.from({ length: options.editors }, (_, editor) => {
    let onFirstRound: () => void = () => undefined;
    firstRounds.push(
      new Promise((resolve) => {
        onFirstRound = resolve;
      }),
    );
    return edit(editor, onFirstRound);
  });
  return {
    acknowledged,
    unexpected,
    firstRound: Promise.all(firstRounds).then(() => undefined),
    end: Promise.all(ends).then(() => undefined),
    stop: () => {
      isOver = true;
    },
    giveUp: () => {
      hasGivenUp = true;
    },
  };
}

/** One connection to each node. */
class Clients {
  readonly #byUrl = new Map<string, Client>();

  of(url: string): Client {
    const client = this.#byUrl.get(url) ?? new Client(url);
    this.#byUrl.set(url, client);
    return client;
  }

  close(): void {
    for (const client of this.#byUrl.values()) client.close();
  }
}

async function wantedAt(
  house: House,
  platform: Platform,
  { person, userId, steps }: Linked,
  kind: Kind,
): Promise<Wanted> {
  const values = valuesAt[kind](steps[kind], person);
  switch (kind) {
    case 'device':
      return { line: 'PUT /api/v4/auth', headers: deviceHeaders(person), body: { tel: values.phone_number } };
    case 'partner':
    case 'rename':
      return {
        line: `PUT /api/v4/customers/${person.id}`,
        headers: partnerHeaders(house),
        body: { customer: kind === 'partner' ? { name: values.first_name } : { email: values.username } },
      };
    case 'platform': {
      const userInfo = await platform.change(userId, values);
      return {
        line: 'POST /rest/V1/spaaza/customer/update',
        headers: partnerHeaders(house),
        body: { user_info: userInfo, create_if_not_exists: false, spaaza_chain_id: 123 },
      };
    }
  }
}
