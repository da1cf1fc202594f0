import { readFileSync, writeFileSync } from 'node:fs';
import { renderSizing, type StorageMeasure } from './sizing.ts';

// Run from the project's root: puts the tables that bench/results/storage.json gives into docs/scaling.md.
const page = readFileSync('docs/scaling.md', 'utf8');
const measures = JSON.parse(readFileSync('bench/results/storage.json', 'utf8')) as StorageMeasure[];
const marks = /(?<=<!-- sizing -->\n\n).*(?=\n\n<!-- \/sizing -->)/s;
if (!marks.test(page)) throw new Error('docs/scaling.md has lost its marks');
writeFileSync(
  'docs/scaling.md',
  page.replace(marks, () => renderSizing(measures)),
);
