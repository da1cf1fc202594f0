import type { Cell } from './measure.ts';
import { workloadOf } from './workloads.ts';

const width = 960;
const labelWidth = 250;
const barHeight = 16;
const gap = 5;
const headHeight = 34;

/** Bars of requests per second, one panel a workload, each on a scale of its own; the thin line is the range of rounds. */
export function plot(cells: readonly Cell[]): string {
  const parts: string[] = [];
  let y = 16;
  for (const workload of new Set(cells.map((cell) => cell.workload))) {
    const own = cells.filter((cell) => cell.workload === workload);
    const most = Math.max(1, ...own.flatMap(({ rounds }) => rounds.map(({ perSecond }) => perSecond)));
    parts.push(text(16, y + 18, workloadOf(workload).title, 'font-weight="600" font-size="14"'));
    parts.push(text(width - 16, y + 18, 'requests per second', 'text-anchor="end" fill="#666"'));
    y += headHeight;
    for (const cell of own) {
      parts.push(...bar(cell, y, most));
      y += barHeight + gap;
    }
    y += 14;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<rect width="${width}" height="${y}" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

function bar({ target, perSecond, refused, rounds }: Cell, y: number, most: number): string[] {
  const label = text(labelWidth, y + 12, target, 'text-anchor="end"');
  if (perSecond === undefined) {
    return [label, text(labelWidth + 10, y + 12, `refused: ${refused ?? ''}`.slice(0, 90), 'fill="#b00"')];
  }
  const scale = (value: number): number => (value / most) * (width - labelWidth - 110);
  const left = labelWidth + 10;
  const rates = rounds.map((round) => round.perSecond);
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map((value) => left + scale(value));
  const middle = y + barHeight / 2;
  return [
    label,
    `<rect x="${left}" y="${y}" width="${scale(perSecond).toFixed(1)}" height="${barHeight}" rx="2" fill="${colourOf(target)}"/>`,
    `<path d="M${low!.toFixed(1)} ${middle}H${high!.toFixed(1)}" stroke="#222" stroke-width="1.5"/>`,
    text(left + scale(Math.max(perSecond, ...rates)) + 6, y + 12, perSecond.toFixed(perSecond < 100 ? 1 : 0), ''),
  ];
}

function colourOf(target: string): string {
  if (target.startsWith('limit-')) return '#b8b8b8';
  if (target.startsWith('better-auth')) return '#d98a3d';
  return target.includes('postgres') ? '#4a7fb5' : '#2f9e77';
}

function text(x: number, y: number, content: string, attributes: string): string {
  const safe = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${safe}</text>`;
}
