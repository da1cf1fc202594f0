/** A call frame of V8's CPU profile; lines and columns count from 0, natives have no url. */
export interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
  columnNumber: number;
}

/** What `node --cpu-prof` writes: `samples[i]` is the node that ran for `timeDeltas[i]` microseconds. */
export interface CpuProfile {
  nodes: { id: number; callFrame: CallFrame; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** What a main thread did, each with its share of the whole time; they add up to 1. */
export type Shares = Map<string, number>;

const natives: Readonly<Record<string, string>> = {
  // Everything outside of JavaScript between two callbacks of the event loop.
  '(idle)': 'polling and reading sockets, waiting',
  '(garbage collector)': 'garbage collection',
  '(program)': 'V8 and Node.js, native',
  '(root)': 'V8 and Node.js, native',
};

/** The first that fits the source file of a function says to what its time belongs. */
const owners: readonly (readonly [pattern: RegExp, owner: string])[] = [
  [/^node:/, 'Node.js (http, net, streams)'],
  [/node_modules\/pg/, 'PostgreSQL driver'],
  [/node_modules\/(?:fastify|find-my-way|@fastify|fast-|avvio|light-my-request|secure-json-parse|rfdc)/, 'Fastify'],
  [/node_modules\//, 'other packages'],
  [/src\/accounts\//, 'Foyer: accounts'],
  [/src\/storage\//, 'Foyer: storage'],
  [/src\/protocols\//, 'Foyer: protocols'],
  [/src\/hashing\//, 'Foyer: hashing'],
  [/src\/http\//, 'Foyer: http'],
  [/src\//, 'Foyer: the rest'],
];

/**
 * Says what the thread of a profile did from `fromMs` to `toMs` after the profile's beginning. `sourceOf` gives the
 * original file of a frame. A native function belongs to whoever called it; writing to a socket is told apart by who
 * wants it written, because it is mostly the kernel's work.
 */
export function sharesOf(
  profile: CpuProfile,
  fromMs: number,
  toMs: number,
  sourceOf: (frame: CallFrame) => string,
): Shares {
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const parentOf = new Map<number, number>();
  for (const { id, children = [] } of profile.nodes) for (const child of children) parentOf.set(child, id);
  const framesFrom = function* (id: number): Generator<CallFrame> {
    for (let at: number | undefined = id; at !== undefined; at = parentOf.get(at)) yield byId.get(at)!.callFrame;
  };
  const ownerOf = (id: number): string => {
    const { functionName, url } = byId.get(id)!.callFrame;
    const native = natives[functionName];
    if (native !== undefined) return native;
    const sources = [...framesFrom(id)].map((frame) => sourceOf(frame)).filter((source) => source !== '');
    if (functionName.startsWith('write') && url === '') {
      const isToDatabase = sources.some((source) => /node_modules\/pg/.test(source));
      return isToDatabase ? 'writing to PostgreSQL, kernel included' : 'writing answers, kernel included';
    }
    const source = sources[0] ?? '';
    return owners.find(([pattern]) => pattern.test(source))?.[1] ?? 'V8 and Node.js, native';
  };
  const owner = new Map(profile.nodes.map(({ id }) => [id, ownerOf(id)]));
  const shares: Shares = new Map();
  let at = 0;
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const delta = profile.timeDeltas[index]!;
    at += delta;
    if (at < fromMs * 1000 || at > toMs * 1000) continue;
    total += delta;
    const name = owner.get(id)!;
    shares.set(name, (shares.get(name) ?? 0) + delta);
  }
  const sorted = [...shares].sort(([, a], [, b]) => b - a);
  return new Map(sorted.map(([name, microseconds]) => [name, microseconds / total]));
}
