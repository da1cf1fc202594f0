import { chainEntries, type Setting, settingEntries, type settings } from './config-table.ts';

/** The headings, each by the setting it stands before. */
const headings: Partial<Record<keyof typeof settings, string>> = {
  host: 'Listening',
  databaseUrl: 'Database',
  timeZone: 'The go~mus side',
  lockFailures: 'Guessing and password hashing',
  logLevel: 'Watching',
};

const introduction = `# Configuration

<!-- Written by \`npm run docs:config\` from src/config-table.ts; change it there. -->

Foyer is configured by environment variables, all of them optional. They are read once, at the start; Foyer does not
start with a configuration that has a fault, and names all faults at once. A \`FOYER_\` variable that is not listed here is
a fault too, and so is one that is set but empty.

Each variable can be given as a file: \`FOYER_PEPPER_FILE=/run/secrets/pepper\` reads the pepper from that file, without
one line break at its end. Setting a variable both ways is a fault. Secrets are never printed.

In Kubernetes, set \`enableServiceLinks: false\` on the pod: for a service named \`foyer\`, Kubernetes otherwise sets
variables such as \`FOYER_PORT\` itself.
`;

/** The page docs/configuration.md in Markdown, from the table of settings. The same on every machine. */
export function renderConfigDocs(): string {
  const parts = [introduction];
  for (const [key, setting] of settingEntries()) {
    const heading = headings[key];
    if (heading !== undefined) parts.push(tableHead(heading));
    const unit = setting.unit === undefined ? '' : ` (${setting.unit})`;
    parts.push(
      row(`\`${setting.env}\``, describeDefault(setting), inText(setting.kind.allowed) + unit, meaning(setting)),
    );
  }
  parts.push(tableHead('Spaaza chains'));
  for (const [, family] of chainEntries()) {
    parts.push(row(`\`${family.prefix}<chain id>\``, 'none', inText(family.kind.allowed), meaning(family)));
  }
  return parts.join('');
}

function tableHead(heading: string): string {
  return `\n## ${heading}\n\n${row('Variable', 'Default', 'Allowed', 'Meaning')}${row('---', '---', '---', '---')}`;
}

function row(...cells: string[]): string {
  return `| ${cells.join(' | ')} |\n`;
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
