import { median } from './latency.ts';
import { foyerName, kinds, sizeName } from './lineup.ts';
import type { Cell } from './measure.ts';
import type { Settings } from './settings.ts';
import type { WorkloadName } from './workloads.ts';

/** Something that Foyer promises and this run checks; without a threshold a comparison that is only told. */
export interface Bar {
  name: string;
  /** What was measured, in the bar's unit; undefined when it was not. */
  value?: number;
  threshold?: number;
  /** `least`: the value must not be below the threshold; `most`: not above. */
  direction: 'least' | 'most';
  unit: 'times' | 's' | 'MB';
  verdict: 'met' | 'missed' | 'not measured' | 'no bar';
  /** What was compared, and why there is no value. */
  detail: string;
}

/** What is measured outside the workloads. */
export interface Footprint {
  target: string;
  /** Milliseconds to the first answer, of several starts; only where starts were measured. */
  readyMs?: number[];
  restMb?: number;
  peakMb?: number;
}

const reads: readonly WorkloadName[] = [
  'user_info_by_id',
  'user_info_by_email',
  'user_info_by_chain',
  'session_check',
  'customers_list',
  'customers_search',
];

/** Judges a run. A bar whose figures were refused is missed; one whose workload this run left out is not measured. */
export function judge(cells: readonly Cell[], footprints: readonly Footprint[], settings: Settings): Bar[] {
  const ratio = (
    name: string,
    workload: WorkloadName,
    target: string,
    reference: string,
    threshold: number | undefined,
    options: { figure?: 'perSecond' | 'p50'; direction?: Bar['direction'] } = {},
  ): Bar => {
    const { figure = 'perSecond', direction = 'least' } = options;
    const common = { name, threshold, direction, unit: 'times' as const };
    const detail = `${workload}: ${target} / ${reference}${figure === 'p50' ? ', p50' : ''}`;
    const [one, other] = [target, reference].map((each) =>
      cells.find((cell) => cell.workload === workload && cell.target === each),
    );
    if (one === undefined || other === undefined) return { ...common, verdict: 'not measured', detail };
    const refusal = [one, other].find(({ refused }) => refused !== undefined);
    if (refusal !== undefined) {
      const verdict = threshold === undefined ? 'not measured' : 'missed';
      return { ...common, verdict, detail: `${detail}; ${refusal.target} refused: ${refusal.refused}` };
    }
    // Round by round, because the two slices of a round lie next to each other in time.
    const ratios = one.rounds.flatMap((round, index) => {
      const [above, below] = [round[figure], other.rounds[index]?.[figure]];
      return above === undefined || below === undefined ? [] : above / below;
    });
    return decided({ ...common, value: median(ratios), detail });
  };

  const baseSize = settings.sizes[0]!;
  const largest = settings.sizes.at(-1)!;
  const bars = [
    ratio('user_info by id: share of the limit', 'user_info_by_id', 'foyer-sqlite', 'limit-read', 0.5),
    ratio('user_info by e-mail: share of the limit', 'user_info_by_email', 'foyer-sqlite', 'limit-read', 0.5),
    ratio('validate_token, stable: share of the limit', 'session_check', 'foyer-sqlite', 'limit-read', 0.4),
    ratio('sign-in: share of raw hashing', 'sign_in', 'foyer-sqlite', 'limit-hashing', 0.85),
    ratio('authenticate: share of raw hashing', 'authenticate', 'foyer-sqlite', 'limit-hashing', 0.85),
    ratio('PUT newsletter_groups: share of raw commits', 'newsletter_groups', 'foyer-sqlite', 'limit-commits', 0.3),
  ];
  // Told beside the bars: what a server that does nothing else could reach on PostgreSQL.
  for (const workload of ['user_info_by_id', 'session_check', 'user_update'] as const) {
    bars.push(
      ratio(
        `${workload}: share of a bare server on PostgreSQL`,
        workload,
        'foyer-postgres',
        'limit-postgres',
        undefined,
      ),
    );
  }
  for (const kind of settings.hasPeers ? kinds : []) {
    const [foyer, peer] = [`foyer-${kind}`, `better-auth-${kind}`];
    bars.push(
      ratio(`sign-in against better-auth with its own hash, ${kind}`, 'sign_in', foyer, peer, 7),
      ratio(`sign-in against better-auth with Foyer's hash, ${kind}`, 'sign_in', foyer, `${peer}-argon2id`, undefined),
      ratio(`session check against better-auth, ${kind}`, 'session_check', foyer, peer, 15),
      ratio(`user update against better-auth, ${kind}`, 'user_update', foyer, peer, 4),
    );
  }
  for (const workload of settings.hasPeers ? (['session_check', 'user_update'] as const) : []) {
    const name = `${workload}: a bare server against better-auth, postgres`;
    bars.push(ratio(name, workload, 'limit-postgres', 'better-auth-postgres', undefined));
  }
  for (const read of reads) {
    bars.push(ratio(`${read}: PostgreSQL against SQLite`, read, 'foyer-postgres', 'foyer-sqlite', 0.5));
  }
  for (const kind of largest > baseSize ? kinds : []) {
    const name = (size: number) => foyerName(kind, size, settings);
    for (const read of reads) {
      const title = `${read}: p50 at ${sizeName(largest)} against ${sizeName(baseSize)}, ${kind}`;
      bars.push(ratio(title, read, name(largest), name(baseSize), 1.25, { figure: 'p50', direction: 'most' }));
    }
  }
  for (const { target, readyMs, restMb, peakMb } of footprints) {
    if (!target.startsWith('foyer-')) continue;
    const limit = (name: string, value: number | undefined, threshold: number, unit: 's' | 'MB'): void => {
      const bar = { name: `${name}, ${target}`, value, threshold, direction: 'most' as const, unit };
      bars.push(decided({ ...bar, detail: name }));
    };
    if (readyMs !== undefined) limit('ready after start', (median(readyMs) ?? Number.NaN) / 1000, 0.7, 's');
    limit('memory at rest', restMb, 120, 'MB');
    limit('memory under load', peakMb, 300, 'MB');
  }
  return bars;
}

function decided(bar: Omit<Bar, 'verdict'>): Bar {
  const { value, threshold, direction } = bar;
  if (value === undefined || Number.isNaN(value)) return { ...bar, value: undefined, verdict: 'not measured' };
  if (threshold === undefined) return { ...bar, verdict: 'no bar' };
  const isMet = direction === 'least' ? value >= threshold : value <= threshold;
  return { ...bar, verdict: isMet ? 'met' : 'missed' };
}
