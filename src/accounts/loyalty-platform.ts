import type { LoyaltyUpdate } from './apply-loyalty-update.ts';
import type { OutboundView } from './loyalty-link.ts';
import type { SharedField } from './shared-fields.ts';

/** The loyalty platform as one chain reaches it. All calls may throw LoyaltyPlatformError and nothing else but an abort. */
export interface LoyaltyPlatform {
  readonly chainId: number;
  /** Gives undefined when the platform knows nobody by this. */
  fetchUser(by: PlatformIdentity, call?: PlatformCall): Promise<PlatformUser | undefined>;
  /**
   * Tells the platform these fields of a customer, and updates the person it knows by our id or e-mail if there is one: it
   * may be repeated. All other fields stay there as they are.
   */
  addUser(view: OutboundView, fields: readonly SharedField[], call?: PlatformCall): Promise<PlatformUser>;
  /**
   * Changes these fields of the person with this id, and empties those that the view has no value for; another e-mail than
   * before is a rename. All other fields stay as they are over there.
   */
  alterUser(
    spaazaUserId: number,
    view: OutboundView,
    fields: readonly SharedField[],
    call?: PlatformCall,
  ): Promise<PlatformUser>;
  /** Has the person made unrecognisable over there. Somebody unknown there is `refused`: nothing shows that it was done. */
  deleteUser(by: PlatformIdentity, call?: PlatformCall): Promise<void>;
  /** Lets calls under way end and closes the connections; calls that wait for their turn fail as `transient`. */
  close(): Promise<void>;
}

/** The platforms of all chains whose link is on. */
export interface LoyaltyPlatforms {
  /** Gives undefined when the chain is unknown or has no credential: then its link is off. */
  platformOf(chainId: number): LoyaltyPlatform | undefined;
  close(): Promise<void>;
}

/** By what the platform is asked for a person: its own id, else our customer id, else the e-mail as it is known there. */
export type PlatformIdentity = { spaazaUserId: number } | { customerId: number } | { email: string };

export interface PlatformCall {
  /** Ends the call, also while it waits for its turn; it then throws the signal's reason. */
  signal?: AbortSignal;
  /** Called when its turn has come, right before anything is sent: the last moment to end it by the signal. */
  beforeSending?(): void;
  /** Sent along, so that both sides' logs can be laid side by side. */
  requestId?: string;
}

/** What the platform says of a person, in domain words. */
export interface PlatformUser {
  spaazaUserId: number;
  memberNumber: string | null;
  /** The shop's id of the person as it stands over there: ours as text, somebody else's, or none. */
  shopCustomerId: string | null;
  update: PlatformStatement;
}

/** The part of an update that is read from what the platform says of a person. */
export type PlatformStatement = Pick<
  LoyaltyUpdate,
  'identifiers' | 'changes' | 'address' | 'consents' | 'isErasure' | 'lastModifiedAt' | 'problems'
>;

/**
 * What a failure means for what is to be done: `transient`: the same again later; `chain`: nothing of this chain will
 * pass before somebody mends its credential or configuration; `refused`: this very request will never pass.
 */
export type PlatformFailure = 'transient' | 'chain' | 'refused';

export interface PlatformErrorDetails {
  /** The platform's own code, when it gave one. */
  code?: number;
  codeName?: string;
  /** Seconds the platform asked to be left alone. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** The one error of the loyalty platform; its message names the call and what came back, never a value that was sent. */
export class LoyaltyPlatformError extends Error {
  readonly kind: PlatformFailure;
  readonly code: number | undefined;
  readonly codeName: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(kind: PlatformFailure, message: string, details: PlatformErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LoyaltyPlatformError';
    this.kind = kind;
    this.code = details.code;
    this.codeName = details.codeName;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
