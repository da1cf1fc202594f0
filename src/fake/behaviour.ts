/** How the stand-in misbehaves; everything is off by itself. */
export interface Behaviour {
  /** Milliseconds that an answer is held back; the request was carried out before. */
  delayMs: number;
  /** Cuts the connection instead of carrying the request out. */
  down: boolean;
  /** Is down by turns, beginning with `upMs` of being up. */
  flapping: { upMs: number; downMs: number } | null;
  /** Answers with this HTTP status and nothing of the platform's own, as a gateway does. */
  status: number | null;
  /** Answers with this code of the platform, with `status` if that is set too. */
  errorCode: number | null;
  /** Answers 429 with this `Retry-After`: seconds, or an HTTP date as text. */
  throttle: { retryAfter: number | string } | null;
  /** Carries the request out and cuts the connection instead of answering. */
  loseAnswer: boolean;
  /** Share of the requests, 0 to 1, that the five above hit. */
  failureRate: number;
  /** Narrows the same five to endpoints (`add-user`) and to people, by any identifier that a request names. */
  only: { endpoints?: string[]; people?: string[] } | null;
  /** Carries out every request, and delivers every webhook, twice. */
  duplicate: boolean;
  /** Gives answers and webhooks in random order. */
  outOfOrder: boolean;
  /** What get-user says when it knows nobody: code 68, or a bare 404. The real platform's answer is not published. */
  nobody: 'code' | 'status';
  /** Wraps answers in an array of one, as old versions did. */
  wrapped: boolean;
  /** Names of warnings that go with every success. */
  warnings: string[];
}

/** What happens to one request, before it is carried out but for `loseAnswer`; undefined when nothing does. */
export type Mishap = 'down' | 'throttle' | 'code' | 'status' | 'loseAnswer';

/** Makes a well-behaved stand-in. */
export function goodBehaviour(): Behaviour {
  return {
    delayMs: 0,
    down: false,
    flapping: null,
    status: null,
    errorCode: null,
    throttle: null,
    loseAnswer: false,
    failureRate: 1,
    only: null,
    duplicate: false,
    outOfOrder: false,
    nobody: 'code',
    wrapped: false,
    warnings: [],
  };
}

/** Completes what was asked for; what is left out is off. Throws for a name or value that is not known. */
export function readBehaviour(wanted: unknown): Behaviour {
  const result: Record<string, unknown> = { ...goodBehaviour() };
  if (typeof wanted !== 'object' || wanted === null || Array.isArray(wanted)) throw new Error('It is an object');
  for (const [name, value] of Object.entries(wanted)) {
    const allows = allowed[name as keyof Behaviour];
    if (!Object.hasOwn(allowed, name)) throw new Error(`There is no switch ${name}`);
    if (!allows(value)) throw new Error(`${name} cannot be ${JSON.stringify(value)}`);
    result[name] = value;
  }
  return result as unknown as Behaviour;
}

/** Decides what befalls a request. `sinceMs` is how long the behaviour has been in force, `chance` from 0 up to 1. */
export function mishapOf(
  behaviour: Behaviour,
  { endpoint, names, sinceMs, chance }: { endpoint: string; names: readonly string[]; sinceMs: number; chance: number },
): Mishap | undefined {
  const { flapping, failureRate, only } = behaviour;
  if (flapping !== null && sinceMs % (flapping.upMs + flapping.downMs) >= flapping.upMs) return 'down';
  if (only?.endpoints !== undefined && !only.endpoints.includes(endpoint)) return undefined;
  if (only?.people !== undefined && !only.people.some((name) => names.includes(name))) return undefined;
  if (chance >= failureRate) return undefined;
  if (behaviour.down) return 'down';
  if (behaviour.throttle !== null) return 'throttle';
  if (behaviour.errorCode !== null) return 'code';
  if (behaviour.status !== null) return 'status';
  return behaviour.loseAnswer ? 'loseAnswer' : undefined;
}

type Test = (value: unknown) => boolean;

const isFlag: Test = (value) => typeof value === 'boolean';
const isNumber: Test = (value) => typeof value === 'number' && value >= 0;
const isList: Test = (value) => Array.isArray(value) && value.every((item) => typeof item === 'string');
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);
const isShaped =
  (tests: Readonly<Record<string, Test>>): Test =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).every((key) => Object.hasOwn(tests, key)) &&
    Object.entries(tests).every(([key, test]) => test((value as Record<string, unknown>)[key]));

const allowed: Record<keyof Behaviour, Test> = {
  delayMs: isNumber,
  down: isFlag,
  flapping: orNull(isShaped({ upMs: isNumber, downMs: isNumber })),
  status: orNull((value) => Number.isInteger(value) && Number(value) >= 200 && Number(value) <= 599),
  errorCode: orNull(isNumber),
  throttle: orNull(isShaped({ retryAfter: (value) => isNumber(value) || typeof value === 'string' })),
  loseAnswer: isFlag,
  failureRate: (value) => isNumber(value) && Number(value) <= 1,
  only: orNull(
    isShaped({
      endpoints: (value) => value === undefined || isList(value),
      people: (value) => value === undefined || isList(value),
    }),
  ),
  duplicate: isFlag,
  outOfOrder: isFlag,
  nobody: (value) => value === 'code' || value === 'status',
  wrapped: isFlag,
  warnings: isList,
};
