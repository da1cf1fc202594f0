import type { Footprint } from './bars.ts';
import type { ServerProcess } from './children.ts';
import type { DatabaseKind } from './databases.ts';
import { kinds } from './lineup.ts';
import { memoryOf } from './processes.ts';
import type { Seeded } from './seed.ts';
import type { Settings } from './settings.ts';
import { startFoyer, startPeer, type Target } from './targets.ts';

/** Starts Foyer and its peer a few times each, one at a time on an idle machine; milliseconds to the first answer. */
export async function measureColdStarts(
  bases: Record<DatabaseKind, Seeded>,
  peers: ReadonlyMap<string, string>,
  settings: Settings,
): Promise<Map<string, number[]>> {
  const starts: [name: string, start: () => Promise<ServerProcess>][] = [];
  for (const kind of kinds) {
    starts.push([`foyer-${kind}`, () => startFoyer(settings.server, bases[kind].url)]);
    const peer = peers.get(`better-auth-${kind}`);
    if (peer !== undefined) starts.push([`better-auth-${kind}`, () => startPeer(peer, 'default')]);
  }
  const ready = new Map<string, number[]>(starts.map(([name]) => [name, []]));
  for (let time = 0; time < settings.coldStarts; time += 1) {
    for (const [name, start] of starts) {
      const server = await start();
      await server.stop();
      ready.get(name)!.push(server.readyMs);
    }
  }
  return ready;
}

/** Resident memory of every server process by target; of several processes the largest. */
export function measureMemory(targets: Iterable<Target>): Map<string, { residentMb: number; peakMb: number }> {
  const found = new Map<string, { residentMb: number; peakMb: number }>();
  for (const target of targets) {
    if (target.kind === 'raw') continue;
    const each = target.processes.flatMap(({ pid }) => memoryOf(pid) ?? []);
    if (each.length === 0) continue;
    found.set(target.name, {
      residentMb: Math.max(...each.map(({ residentMb }) => residentMb)),
      peakMb: Math.max(...each.map(({ peakMb }) => peakMb)),
    });
  }
  return found;
}

/** Puts together what was measured before, at rest and after the load. */
export function footprintsOf(
  ready: ReadonlyMap<string, number[]>,
  atRest: ReturnType<typeof measureMemory>,
  afterLoad: ReturnType<typeof measureMemory>,
): Footprint[] {
  return [...atRest].map(([target, { residentMb }]) => ({
    target,
    readyMs: ready.get(target),
    restMb: residentMb,
    peakMb: afterLoad.get(target)?.peakMb,
  }));
}
