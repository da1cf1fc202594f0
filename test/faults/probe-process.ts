import { scriptOfSuite } from '../own-process.ts';
import type { Probed, ProbeOrder } from './probe.ts';

/** Gives what probes a node from a process of its own; `onBegin` is called when that starts asking. */
export function probeOfSuite(): (order: ProbeOrder, onBegin?: () => void) => Promise<Probed> {
  const run = scriptOfSuite(`
    import { probe } from './test/faults/probe.ts';
    console.log('begin');
    console.log(JSON.stringify(await probe(JSON.parse(process.argv[2]))));
  `);
  return async (order, onBegin) => {
    const { lines } = await run([JSON.stringify(order)], (line) => {
      if (line === 'begin') onBegin?.();
    });
    return JSON.parse(lines.at(-1)!) as Probed;
  };
}
