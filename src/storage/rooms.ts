import type { Reads, WritableStore, Writes } from '../accounts/store.ts';
import * as addresses from './addresses.ts';
import * as apiKeys from './api-keys.ts';
import * as consents from './consents.ts';
import * as counts from './customer-counts.ts';
import * as search from './customer-search.ts';
import * as words from './customer-words.ts';
import * as customers from './customers.ts';
import * as failedAttempts from './failed-attempts.ts';
import type { Handle } from './handle.ts';
import * as history from './history.ts';
import * as chainStates from './loyalty-chain-state.ts';
import * as deliveries from './loyalty-deliveries.ts';
import * as inbox from './loyalty-inbox.ts';
import * as links from './loyalty-links.ts';
import * as queue from './loyalty-queue.ts';
import * as tombstones from './loyalty-tombstones.ts';
import * as memberships from './memberships.ts';
import * as outbox from './outbox.ts';
import * as sessions from './sessions.ts';
import * as settings from './settings.ts';
import * as topology from './topology.ts';

type Functions = Record<string, (handle: Handle, ...args: never[]) => unknown>;
/** The functions behind a part of the store: each takes a handle before what the domain gives it. */
type OnHandle<Part> = {
  [Room in keyof Part]: {
    [Name in keyof Part[Room]]: Part[Room][Name] extends (...args: infer Args) => infer Result
      ? (handle: Handle, ...args: Args) => Result
      : never;
  };
};

const readRooms = {
  customers: {
    findById: customers.findById,
    findByEmail: customers.findByEmail,
    findByForeignId: customers.findByForeignId,
    findForSignIn: customers.findForSignIn,
    findPasswordHash: customers.findPasswordHash,
    search: search.search,
    findLoyaltyProfile: links.findProfile,
    findLoyaltyProfileByEmail: links.findProfileByEmail,
    countAll: customers.countAll,
    listIds: customers.listIds,
    mapWebsiteIds: customers.mapWebsiteIds,
  },
  sessions: {
    findByClientId: sessions.findByClientId,
    isKnownNetwork: sessions.isKnownNetwork,
    isOpen: sessions.isOpen,
  },
  links: {
    findCustomerIdByUserId: links.findCustomerIdByUserId,
    findCustomerIdByMemberNumber: links.findCustomerIdByMemberNumber,
    listByCustomer: links.listByCustomer,
    listTies: links.listTies,
    findAgreement: links.findAgreement,
  },
  attempts: { find: failedAttempts.find },
  keys: { list: apiKeys.list },
  topology: { read: topology.read },
  settings: { readAll: settings.readAll },
  history: {
    listByCustomer: history.listByCustomer,
    listChanges: history.listChanges,
    listField: history.listField,
    listLastByField: history.listLastByField,
    hadEmail: history.hadEmail,
    listAges: history.listAges,
  },
  consents: { listByCustomer: consents.listByCustomer, listStanding: consents.listStanding },
  outbox: { list: outbox.list, isEmpty: outbox.isEmpty, count: outbox.count, hasEventOf: outbox.hasEventOf },
  queue: {
    find: queue.find,
    hasDue: queue.hasDue,
    count: queue.count,
    findOldest: queue.findOldest,
    list: deliveries.list,
    group: deliveries.group,
  },
  inbox: {
    find: inbox.find,
    listBySubject: inbox.listBySubject,
    hasDue: inbox.hasDue,
    count: inbox.count,
    findOldest: inbox.findOldest,
  },
  tombstones: {
    find: tombstones.find,
    findByUserId: tombstones.findByUserId,
    findByEmail: tombstones.findByEmail,
  },
  chainStates: { find: chainStates.find },
} satisfies OnHandle<Reads>;

/** What a transaction adds to the reads; a function of the same name takes the place of the read. */
const writeRooms = {
  customers: {
    lock: customers.lock,
    hold: customers.hold,
    insert: customers.insert,
    update: customers.update,
    setPasswordHash: customers.setPasswordHash,
    upgradePasswordHash: customers.upgradePasswordHash,
    delete: customers.deleteById,
    index: words.index,
    recount: counts.recount,
  },
  addresses: { insert: addresses.insert, update: addresses.update },
  memberships: { add: memberships.add, remove: memberships.remove },
  sessions: {
    insert: sessions.insert,
    isStillOpen: sessions.isStillOpen,
    rotate: sessions.rotate,
    extend: sessions.extend,
    delete: sessions.deleteById,
    deleteByCustomer: sessions.deleteByCustomer,
    prune: sessions.prune,
    deleteExpired: sessions.deleteExpired,
  },
  links: {
    save: links.save,
    agree: links.agree,
    saveFormerWords: links.saveFormerWords,
    touch: links.touch,
    forgetAgreement: links.forgetAgreement,
    forgetUntied: links.forgetUntied,
  },
  attempts: {
    find: failedAttempts.findAndLock,
    save: failedAttempts.save,
    delete: failedAttempts.deleteKeys,
    deleteOlderThan: failedAttempts.deleteOlderThan,
  },
  keys: { insert: apiKeys.insert, revoke: apiKeys.revoke, touch: apiKeys.touch },
  topology: {
    savePool: topology.savePool,
    saveWebsite: topology.saveWebsite,
    saveShop: topology.saveShop,
    saveChain: topology.saveChain,
    saveNewsletterGroup: topology.saveNewsletterGroup,
  },
  settings: { write: settings.write, next: settings.next },
  history: {
    append: history.append,
    deleteByCustomer: history.deleteByCustomer,
    deleteSignIns: history.deleteSignIns,
  },
  consents: { append: consents.append, deleteByCustomer: consents.deleteByCustomer },
  outbox: { append: outbox.append, take: outbox.take },
  queue: {
    enqueue: queue.enqueue,
    claim: queue.claim,
    renew: queue.renew,
    holds: queue.holds,
    noteSent: queue.noteSent,
    noteLate: queue.noteLate,
    remove: queue.remove,
    release: queue.release,
    reopen: queue.reopen,
    postpone: queue.postpone,
    bury: queue.bury,
    saveErasure: queue.saveErasure,
    replay: deliveries.replay,
    discard: deliveries.discard,
    deleteDead: deliveries.deleteDead,
  },
  inbox: {
    insert: inbox.insert,
    claim: inbox.claim,
    settle: inbox.settle,
    deleteBySubject: inbox.deleteBySubject,
    deleteOlder: inbox.deleteOlder,
  },
  tombstones: { insert: tombstones.insert, deleteOlder: tombstones.deleteOlder },
  chainStates: { save: chainStates.save, pause: chainStates.pause },
} satisfies OnHandle<Writes & Pick<WritableStore, 'attempts'>>;

/** The reads of the store, run through a handle. */
export function bindReads(handle: Handle): Reads {
  const rooms = Object.entries(readRooms).map(([room, functions]) => [room, new (roomClass(functions))(handle)]);
  return Object.fromEntries(rooms) as Reads;
}

/** The store of one transaction, run through its handle. */
export function bindWrites(handle: Handle): WritableStore {
  return new TransactionStore(handle) as unknown as WritableStore;
}

/**
 * A class whose methods are the functions of a room, given the handle as their first argument; they are to be called as
 * methods. To bind function by function took 7 µs a transaction.
 */
function roomClass(functions: Functions): new (handle: Handle) => object {
  class Room {
    readonly handle: Handle;

    constructor(handle: Handle) {
      this.handle = handle;
    }
  }
  const methods = Room.prototype as unknown as Record<string, unknown>;
  for (const [name, call] of Object.entries(functions)) {
    methods[name] = function (this: Room, ...args: never[]) {
      return call(this.handle, ...args);
    };
  }
  return Room;
}

/** Makes a room when it is first asked for: most transactions use a few of them. */
class TransactionStore {
  readonly #handle: Handle;
  readonly #rooms: Record<string, object> = {};

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  static {
    const [reads, writes]: Record<string, Functions>[] = [readRooms, writeRooms];
    for (const room of new Set([...Object.keys(readRooms), ...Object.keys(writeRooms)])) {
      const Room = roomClass({ ...reads?.[room], ...writes?.[room] });
      Object.defineProperty(TransactionStore.prototype, room, {
        get(this: TransactionStore) {
          this.#rooms[room] ??= new Room(this.#handle);
          return this.#rooms[room];
        },
      });
    }
  }
}
