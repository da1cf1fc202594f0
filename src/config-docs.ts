import type { Setting } from './config-setting.ts';
import { chainEntries, settingEntries, type settings } from './config-table.ts';

/** The headings, each by the setting it stands before. */
const headings: Partial<Record<keyof typeof settings, string>> = {
  host: 'Listening',
  databaseUrl: 'Database',
  timeZone: 'The go~mus side',
  lockFailures: 'Guessing and password hashing',
  runsJobs: 'In the background',
  logLevel: 'Watching',
  spaazaApiVersion: 'Calling Spaaza',
};

const introduction = `# Configuration

<!-- Written by \`npm run docs:config\` from src/config-table.ts and src/config-background.ts; change it there. -->

Foyer is configured by environment variables, all of them optional. They are read once, at the start; Foyer does not
start with a configuration that has a fault, and names all faults at once. A \`FOYER_\` variable that is not listed here is
a fault too, and so is one that is set but empty.

Each variable can be given as a file: \`FOYER_PEPPER_FILE=/run/secrets/pepper\` reads the pepper from that file, without
one line break at its end. Setting a variable both ways is a fault. Secrets are never printed.

In Kubernetes, set \`enableServiceLinks: false\` on the pod: for a service named \`foyer\`, Kubernetes otherwise sets
variables such as \`FOYER_PORT\` itself.

What a chain, a notice, a dead letter and a tombstone are: [Words](../README.md#words).
`;

/** The page docs/configuration.md in Markdown, from the table of settings. The same on every machine. */
export function renderConfigDocs(): string {
  const sections: Section[] = [];
  for (const [key, setting] of settingEntries()) {
    const heading = headings[key];
    if (heading !== undefined) sections.push({ heading, rows: [] });
    const unit = setting.unit === undefined ? '' : ` (${setting.unit})`;
    const allowed = inText(setting.kind.allowed) + unit;
    sections.at(-1)?.rows.push([`\`${setting.env}\``, describeDefault(setting), allowed, meaning(setting)]);
  }
  const chainRows = chainEntries().map(([, family]) => {
    return [`\`${family.prefix}<chain id>\``, 'none', inText(family.kind.allowed), meaning(family)];
  });
  sections.push({ heading: 'Spaaza chains', rows: chainRows });
  return introduction + sections.map(renderSection).join('');
}

interface Section {
  heading: string;
  rows: string[][];
}

/** Columns are padded as the formatter pads them, or the page would change with every run of it. */
function renderSection({ heading, rows }: Section): string {
  const columns = ['Variable', 'Default', 'Allowed', 'Meaning'];
  const widths = columns.map((name, column) =>
    Math.max(...[columns, ...rows].map((row) => (row[column] ?? name).length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const rule = widths.map((width) => '-'.repeat(width));
  return `\n## ${heading}\n\n${[columns, rule, ...rows].map(line).join('')}`;
}

function describeDefault(setting: Setting<unknown>): string {
  return setting.defaultDoc ?? `\`${setting.kind.print(setting.default)}\``;
}

function meaning({ doc, isSecret }: { doc: string; isSecret?: boolean }): string {
  return isSecret ? `${doc} Secret.` : doc;
}

/** Text that is not Markdown, made safe for a cell. */
function inText(text: string): string {
  return text.replace(/[|<*_`]/g, '\\$&');
}
