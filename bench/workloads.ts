import type { Answer } from './http-connection.ts';
import * as foyer from './requests-foyer.ts';
import * as peer from './requests-peer.ts';

/** One request and how to tell whether its answer is the right one. */
export interface Exchange {
  request: string;
  status: number;
  /** Looks into the answer; called for a sample, or for every answer when `isStateful`. */
  isRight(answer: Answer): boolean;
}

/** What a source of requests must know of the server it is for. */
export interface TargetFacts {
  host: string;
  /** How many customers it has, with the numbers 1 to this. */
  size: number;
  apiKey: string;
}

/** Gives the next request of a connection, for ever; one source feeds all connections to one database. */
export type Source = (connection: number) => Exchange;

export type ServerKind = 'foyer' | 'better-auth' | 'bare';

export interface Workload {
  title: string;
  /** What the requests do to the server: it decides how many clients there are and how long a slice is. */
  kind: 'read' | 'search' | 'write' | 'hash';
  /** Every answer must be looked into, because the next request depends on it. */
  isStateful?: boolean;
  sources: Partial<Record<ServerKind, (facts: TargetFacts) => Source>>;
}

/** Every workload by the name it has in results. */
export const workloads = {
  user_info_by_id: {
    title: 'user_info by id',
    kind: 'read',
    sources: { foyer: foyer.userInfoById, bare: foyer.bareRead },
  },
  user_info_by_email: {
    title: 'user_info by e-mail',
    kind: 'read',
    sources: { foyer: foyer.userInfoByEmail, bare: foyer.bareRead },
  },
  user_info_by_chain: {
    title: 'user_info by chain and e-mail',
    kind: 'read',
    sources: { foyer: foyer.userInfoByChain, bare: foyer.bareRead },
  },
  session_check: {
    title: 'validate_token, stable (better-auth: get-session)',
    kind: 'read',
    sources: { foyer: foyer.validateToken, bare: foyer.bareRead, 'better-auth': peer.getSession },
  },
  session_check_rotating: {
    title: 'validate_token, rotating',
    kind: 'write',
    isStateful: true,
    sources: { foyer: foyer.validateRotatingToken },
  },
  customers_list: { title: 'customers list', kind: 'read', sources: { foyer: foyer.listCustomers } },
  customers_search: { title: 'customers search', kind: 'search', sources: { foyer: foyer.searchCustomers } },
  newsletter_groups: { title: 'PUT newsletter_groups', kind: 'write', sources: { foyer: foyer.putNewsletterGroups } },
  user_update: {
    title: 'PUT name (better-auth: update-user)',
    kind: 'write',
    sources: { foyer: foyer.putName, bare: foyer.bareChange, 'better-auth': peer.updateUser },
  },
  spaaza_update: { title: 'Spaaza update, a change', kind: 'write', sources: { foyer: foyer.spaazaChange } },
  spaaza_update_same: { title: 'Spaaza update, no change', kind: 'write', sources: { foyer: foyer.spaazaNoChange } },
  sign_in: { title: 'sign-in', kind: 'hash', sources: { foyer: foyer.signIn, 'better-auth': peer.signIn } },
  authenticate: { title: 'Spaaza authenticate', kind: 'hash', sources: { foyer: foyer.authenticate } },
  sign_up: { title: 'sign-up', kind: 'hash', sources: { foyer: foyer.signUp, 'better-auth': peer.signUp } },
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof workloads;

export function workloadOf(name: WorkloadName): Workload {
  return workloads[name];
}
