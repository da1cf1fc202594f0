import {
  blankFields,
  erasedFields,
  type Person,
  type PersonChanges,
  type PersonFields,
  readChanges,
} from './person.ts';
import { refusal } from './spaaza-answer.ts';

/** What a person is looked up by; requests that name several are about the first in this order (spaaza 3.6). */
export const identifiers = [
  'user_id',
  'authentication_point_identifier',
  'member_number',
  'username',
  'referral_code',
] as const;

export type Identifier = (typeof identifiers)[number];
type UniqueField = Exclude<Identifier, 'user_id'>;

const uniqueFields = identifiers.slice(1) as UniqueField[];

export interface Identity {
  by: Identifier;
  value: string;
}

/** The identifier a request is about; undefined when it names nobody. */
export function identityIn(input: Readonly<Record<string, unknown>>): Identity | undefined {
  for (const by of identifiers) {
    const value = input[by];
    if (value !== undefined && value !== null && value !== '') return { by, value: String(value) };
  }
  return undefined;
}

/** Told of every new, changed or erased person; `before` is undefined for a new one. */
export type PeopleListener = (person: Person, before: PersonFields | undefined) => void;

/** Everybody the stand-in knows, in memory, with the platform's rules of identity. */
export class People {
  readonly #now: () => Date;
  readonly #onChange: PeopleListener;
  readonly #byId = new Map<number, Person>();
  readonly #byField = new Map(uniqueFields.map((field) => [field, new Map<string, Person>()]));
  #lastId = 3_000_000;

  constructor(now: () => Date, onChange: PeopleListener) {
    this.#now = now;
    this.#onChange = onChange;
  }

  /** Everybody, erased ones included, in the order they came. */
  all(): Person[] {
    return [...this.#byId.values()];
  }

  byId(userId: number): Person | undefined {
    return this.#byId.get(userId);
  }

  find({ by, value }: Identity): Person | undefined {
    return by === 'user_id' ? this.#byId.get(Number(value)) : this.#byField.get(by)?.get(keyOf(by, value));
  }

  /** add-user: with `update_if_exists` it changes whoever has the shop's id, else the username. */
  add(body: Readonly<Record<string, unknown>>): { person: Person; existed: boolean } {
    const changes = readChanges(body);
    if (changes.username === undefined) throw refusal.usernameInvalid();
    const shopId = changes.authentication_point_identifier;
    const existing =
      (shopId ? this.find({ by: 'authentication_point_identifier', value: shopId }) : undefined) ??
      this.find({ by: 'username', value: changes.username ?? '' });
    if (existing !== undefined) {
      if (![true, 'true', 1, '1'].includes(body.update_if_exists as string)) throw refusal.usernameTaken();
      this.#change(existing, changes);
      return { person: existing, existed: true };
    }
    this.#refuseTaken(undefined, changes);
    const userId = this.#lastId + 1;
    const fields = { ...blankFields(), member_number: `99${userId}`, registered: true, ...definedOf(changes) };
    const now = this.#now();
    const person: Person = { userId, fields, isErased: false, createdAt: now, modifiedAt: now };
    this.#lastId = userId;
    this.#byId.set(userId, person);
    this.#index(person);
    this.#onChange(person, undefined);
    return { person, existed: false };
  }

  /** alter-user, and changes made by hand: the identifier that found the person is no change. */
  alter(person: Person, body: Readonly<Record<string, unknown>>, by: Identifier = 'user_id'): void {
    // Nobody can bring an erased person back; what the real platform answers is not published.
    if (person.isErased) throw refusal.nobody();
    const { [by]: _, ...others } = body;
    this.#change(person, readChanges(others));
  }

  /** delete-user: makes the person unrecognisable, and stays (spaaza 3.6). */
  erase(person: Person): void {
    person.isErased = true;
    this.#set(person, erasedFields(person.userId, person.fields));
  }

  /** Forgets everybody; ids go on counting. */
  clear(): void {
    this.#byId.clear();
    for (const index of this.#byField.values()) index.clear();
  }

  #change(person: Person, changes: PersonChanges): void {
    this.#refuseTaken(person, changes);
    this.#set(person, { ...person.fields, ...definedOf(changes) });
  }

  #set(person: Person, fields: PersonFields): void {
    const before = person.fields;
    this.#unindex(person);
    person.fields = fields;
    person.modifiedAt = this.#now();
    this.#index(person);
    this.#onChange(person, before);
  }

  #refuseTaken(person: Person | undefined, changes: PersonChanges): void {
    for (const by of uniqueFields) {
      const value = changes[by];
      const holder = value ? this.find({ by, value }) : undefined;
      if (holder === undefined || holder === person) continue;
      throw by === 'username' ? refusal.usernameTaken() : refusal.identifierTaken();
    }
  }

  #index(person: Person): void {
    for (const field of uniqueFields) {
      const value = person.fields[field];
      if (value !== null) this.#byField.get(field)?.set(keyOf(field, value), person);
    }
  }

  #unindex(person: Person): void {
    for (const field of uniqueFields) {
      const value = person.fields[field];
      if (value !== null) this.#byField.get(field)?.delete(keyOf(field, value));
    }
  }
}

function keyOf(field: UniqueField, value: string): string {
  return field === 'username' ? value.trim().normalize('NFC').toLowerCase() : value;
}

function definedOf(changes: PersonChanges): PersonChanges {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as PersonChanges;
}
