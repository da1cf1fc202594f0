import type { TopologyData } from '../accounts/topology.ts';
import type { Config } from '../config.ts';
import type { OpenStore } from '../storage/index.ts';
import type { Finding } from './doctor.ts';
import { momentText } from './moment-text.ts';

const check = 'loyalty';

/** The link of each chain in the topology, and credentials of chains that are not in it. */
export async function checkLinks(store: OpenStore, topology: TopologyData, config: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id, api } of topology.chains) {
    const address = config.spaaza[id]?.apiUrl ?? api;
    if (config.spaaza[id]?.credential === undefined) {
      const advice = `set FOYER_SPAAZA_SECRET_${id} to send changes to ${address}`;
      findings.push({ check, status: 'warn', message: `chain ${id}: link off, there is no credential`, advice });
    } else {
      findings.push(await checkLink(store, id, address), ...(await checkDeadLetters(store, id)));
    }
  }
  const unknownIds = Object.keys(config.spaaza).filter(
    (id) => !topology.chains.some((chain) => chain.id === Number(id)),
  );
  for (const id of unknownIds) {
    const advice = 'put the chain into the topology, or remove its FOYER_SPAAZA_ variables';
    findings.push({ check, status: 'warn', message: `chain ${id}: configured, but not in the topology`, advice });
  }
  return findings.length > 0 ? findings : [{ check, status: 'ok', message: 'no chains' }];
}

async function checkLink(store: OpenStore, id: number, address: string): Promise<Finding> {
  const { pauseCount, pausedUntil, pauseReason } = await store.chainStates.find(id);
  if (pauseCount === 0 || pausedUntil === null) {
    return { check, status: 'ok', message: `chain ${id}: link on, to ${address}` };
  }
  const message = `chain ${id}: shut out by ${address} (${pauseReason ?? 'no reason'}); asked again at ${momentText(pausedUntil)}`;
  return { check, status: 'warn', message, advice: `check FOYER_SPAAZA_SECRET_${id} and the chain's hostname` };
}

async function checkDeadLetters(store: OpenStore, id: number): Promise<Finding[]> {
  const count = await store.queue.count(id, 'dead', 1_000);
  if (count === 0) return [];
  const shown = count === 1 ? '1 customer' : count < 1_000 ? `${count} customers` : '1,000 customers or more';
  const message = `chain ${id}: the changes of ${shown} were given up`;
  return [{ check, status: 'warn', message, advice: 'foyer outbox list shows what the platform refused and why' }];
}
