import { parse } from 'yaml';
import type { TopologyData } from '../accounts/topology.ts';
import { renderTopologyFile } from './topology-file.ts';

/** A topology as a file, and as the plain value that the file says. */
export function topologyDocument(data: TopologyData): { text: string; value: unknown } {
  const text = renderTopologyFile(data);
  return { text, value: parse(text) as unknown };
}
