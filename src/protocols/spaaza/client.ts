import type { Pool } from 'undici';
import type { OutboundView } from '../../accounts/loyalty-link.ts';
import {
  type LoyaltyPlatform,
  LoyaltyPlatformError,
  type PlatformCall,
  type PlatformIdentity,
  type PlatformUser,
} from '../../accounts/loyalty-platform.ts';
import type { SharedField } from '../../accounts/shared-fields.ts';
import { CallBudget, type CallBudgetOptions } from './call-budget.ts';
import { isSuccess, type PlatformAnswer, readAnswer, userIn, warningsIn } from './platform-answer.ts';
import { errorOfAnswer, errorOfTransport, saysNobody, unreadable } from './platform-error.ts';
import { addUserBody, alterUserBody, identifierOf, type RequestBody } from './platform-request.ts';

export interface SpaazaClientOptions extends CallBudgetOptions {
  chainId: number;
  /** Base address without a slash at its end. */
  apiUrl: string;
  /** App hostname of the chain; privileged calls must name it. */
  hostname: string;
  credential: { readonly key: string; readonly secret: string };
  apiVersion: string;
  /** Time a call has from its turn to the end of the answer. */
  timeoutMs: number;
  log: PlatformLog;
}

/** Where warnings of the platform go: the server's log, or whatever is like it. */
export interface PlatformLog {
  warn(fields: object, message: string): void;
}

interface Request {
  operation: 'get-user' | 'add-user' | 'alter-user' | 'delete-user';
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  /** Sent as JSON. */
  body?: RequestBody;
  /** Sent as a form. */
  form?: Record<string, string>;
}

const answerLimitBytes = 1_048_576;
/** Longer than the pauses between the calls of a busy link, shorter than what load balancers grant. */
const keepAliveMs = 15_000;

/**
 * Calls the Spaaza API for one chain with privileged credentials (spaaza 3.2): keeps connections, keeps to a budget of
 * calls, and ends whatever takes too long. It does not try again: what a failure means is in its kind.
 */
export class SpaazaClient implements LoyaltyPlatform {
  readonly chainId: number;
  readonly #options: SpaazaClientOptions;
  readonly #budget: CallBudget;
  #opening: Promise<Pool> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SpaazaClientOptions) {
    this.chainId = options.chainId;
    this.#options = options;
    this.#budget = new CallBudget(options);
  }

  async fetchUser(by: PlatformIdentity, call?: PlatformCall): Promise<PlatformUser | undefined> {
    const operation = 'get-user';
    const path = `/internal/get-user?${new URLSearchParams(identifierOf(by))}`;
    const answer = await this.#ask({ operation, method: 'GET', path }, call);
    if (saysNobody(operation, answer)) return undefined;
    return this.#userOf(operation, answer);
  }

  async addUser(view: OutboundView, fields: readonly SharedField[], call?: PlatformCall): Promise<PlatformUser> {
    const operation = 'add-user';
    const body = addUserBody(view, fields);
    return this.#userOf(
      operation,
      await this.#ask({ operation, method: 'POST', path: '/internal/add-user', body }, call),
    );
  }

  async alterUser(
    spaazaUserId: number,
    view: OutboundView,
    fields: readonly SharedField[],
    call?: PlatformCall,
  ): Promise<PlatformUser> {
    const operation = 'alter-user';
    const body = alterUserBody(spaazaUserId, view, fields);
    return this.#userOf(
      operation,
      await this.#ask({ operation, method: 'PUT', path: '/internal/alter-user', body }, call),
    );
  }

  async deleteUser(by: PlatformIdentity, call?: PlatformCall): Promise<void> {
    const operation = 'delete-user';
    // As a form, which is how the platform's own clients send what a DELETE is about (spaaza 4.3).
    const answer = await this.#ask({ operation, method: 'DELETE', path: '/delete-user', form: identifierOf(by) }, call);
    this.#refuseFailure(operation, answer);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#budget.close();
    const pool = await this.#opening?.catch(() => undefined);
    await pool?.close();
  }

  #userOf(operation: Request['operation'], answer: PlatformAnswer): PlatformUser {
    this.#refuseFailure(operation, answer);
    const user = userIn(answer);
    if (user === undefined) throw unreadable(operation, answer, 'without a person');
    return user;
  }

  #refuseFailure(operation: Request['operation'], answer: PlatformAnswer): void {
    if (!isSuccess(answer)) throw errorOfAnswer(operation, answer);
    const warnings = warningsIn(answer);
    if (warnings.length > 0) {
      this.#options.log.warn({ chainId: this.chainId, operation, warnings }, 'the loyalty platform warned');
    }
  }

  async #ask(request: Request, call: PlatformCall = {}): Promise<PlatformAnswer> {
    const endTurn = await this.#budget.take(call.signal);
    try {
      return await this.#send(request, call);
    } finally {
      endTurn();
    }
  }

  async #send({ operation, method, path, body, form }: Request, call: PlatformCall): Promise<PlatformAnswer> {
    const { apiUrl, timeoutMs } = this.#options;
    const ending = new AbortController();
    const giveUp = (): void => ending.abort();
    let isTooLate = false;
    // The pool's own limits count from one sign of life to the next; this one is for the whole call.
    const timer = setTimeout(() => {
      isTooLate = true;
      giveUp();
    }, timeoutMs);
    call.signal?.addEventListener('abort', giveUp);
    try {
      const pool = await this.#pool();
      call.beforeSending?.();
      call.signal?.throwIfAborted();
      const answer = await pool.request({
        method,
        path: new URL(apiUrl).pathname.replace(/\/$/, '') + path,
        headers: this.#headers(body !== undefined ? 'application/json' : form && formType, call.requestId),
        body: body !== undefined ? JSON.stringify(body) : form && String(new URLSearchParams(form)),
        signal: ending.signal,
      });
      const retryAfter = answer.headers['retry-after'];
      const text = await answer.body.text();
      return readAnswer(answer.statusCode, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, text);
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (isTooLate) throw new LoyaltyPlatformError('transient', `${operation} took longer than ${timeoutMs} ms`);
      throw errorOfTransport(operation, error);
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', giveUp);
    }
  }

  #headers(contentType: string | undefined, requestId: string | undefined): Record<string, string> {
    const { credential, hostname, apiVersion } = this.#options;
    return {
      authorization: `Bearer ${credential.key}:${credential.secret}`,
      'x-spaaza-myprice-app-hostname': hostname,
      'x-spaaza-api-version': apiVersion,
      accept: 'application/json',
      'user-agent': 'foyer',
      ...(contentType !== undefined && { 'content-type': contentType }),
      // Ids come from callers too; what no header can carry must not stop the call.
      ...(requestId !== undefined && /^[\x21-\x7e]{1,200}$/.test(requestId) && { 'x-request-id': requestId }),
    };
  }

  /** Opened with the first call: an installation without a link never loads the HTTP client. */
  #pool(): Promise<Pool> {
    const { apiUrl, concurrency, timeoutMs } = this.#options;
    // Bundled, a CommonJS package has nothing but its default export.
    this.#opening ??= import('undici').then(
      ({ default: { Pool } }) =>
        new Pool(new URL(apiUrl).origin, {
          connections: concurrency,
          pipelining: 1,
          keepAliveTimeout: keepAliveMs,
          connect: { timeout: timeoutMs },
          headersTimeout: timeoutMs,
          bodyTimeout: timeoutMs,
          maxResponseSize: answerLimitBytes,
        }),
    );
    return this.#opening;
  }
}

const formType = 'application/x-www-form-urlencoded';
