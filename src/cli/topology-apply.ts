import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { TopologyChange } from '../accounts/apply-topology.ts';
import { AccountError } from '../accounts/errors.ts';
import type { TopologyData } from '../accounts/topology.ts';
import { CommandError } from './command-error.ts';
import { columns, printing } from './command-output.ts';
import { describeProblem, fileName } from './describe-problem.ts';
import { exitCodes } from './exit-code.ts';
import { reasonOf } from './explain-error.ts';
import { type Opened, withAccounts } from './open-accounts.ts';

/** One more than a topology file may have: the reader of the file then says that it is too long. */
const maxBytes = 1024 * 1024 + 1;

/** `foyer topology apply FILE`: makes the database say what a file says. */
export function topologyApply(topology: Command, env: NodeJS.ProcessEnv): void {
  topology
    .command('apply')
    .summary('make the database say what a file says')
    .description(
      'Adds and changes pools, websites, stores, chains and newsletter groups as the file says. Entries are known by ' +
        'their id; nothing is ever deleted, and applying the same file again changes nothing. Running servers follow ' +
        'within two seconds.',
    )
    .argument('<file>', 'topology file in YAML; - reads standard input')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  foyer topology show > topology.yaml && edit it && foyer topology apply topology.yaml',
    )
    .action(
      printing(async (file: string, { dryRun: isDryRun = false }: { dryRun?: boolean }) => {
        const { data, lineOf } = await readTopology(file);
        const changes = await withAccounts(env, 'any', (opened) => apply(opened, data, isDryRun, lineOf));
        const shown = changes.map((change) => ({ ...change, fields: change.fields.map(fieldName) }));
        return { data: { isDryRun, changes: shown }, text: describeChanges(shown, isDryRun) };
      }),
    );
}

async function readTopology(file: string) {
  const text = await readText(file === '-' ? process.stdin : createReadStream(file), file);
  const { parseTopologyFile, TopologyFileError } = await import('./topology-file.ts');
  try {
    return parseTopologyFile(text);
  } catch (error) {
    throw error instanceof TopologyFileError ? refused(error.faults, error) : error;
  }
}

async function readText(stream: Readable, file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk as Buffer);
      length += (chunk as Buffer).length;
      if (length >= maxBytes) break;
    }
  } catch (error) {
    const message = `The file ${file} cannot be read: ${reasonOf(error)}.`;
    throw new CommandError('file_unreadable', message, { exitCode: exitCodes.usage, cause: error });
  }
  try {
    // A text that was cut ends anywhere, and is refused for its length.
    return new TextDecoder('utf-8', { fatal: length < maxBytes }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw refused(['line 1: the file is not UTF-8 text'], error);
  }
}

async function apply(
  { accounts }: Opened,
  wanted: TopologyData,
  isDryRun: boolean,
  lineOf: (field: string) => number | undefined,
): Promise<TopologyChange[]> {
  try {
    return await accounts.applyTopology({ wanted, isDryRun });
  } catch (error) {
    if (!(error instanceof AccountError) || error.details.problems === undefined) throw error;
    const faults = error.details.problems
      .map((problem) => ({ line: lineOf(problem.field) ?? 1, sentence: describeProblem(problem) }))
      .toSorted((one, other) => one.line - other.line);
    throw refused(
      faults.map(({ line, sentence }) => `line ${line}: ${sentence}`),
      error,
    );
  }
}

function refused(faults: readonly string[], cause: unknown): CommandError {
  const message = 'The topology file was refused; nothing was changed.';
  return new CommandError('topology_refused', message, { exitCode: exitCodes.failed, faults, cause });
}

const fieldNames: Record<string, string> = {
  poolId: 'pool',
  websiteId: 'website',
  chainId: 'chain',
  generalNewsletterGroupId: 'general_newsletter_group',
  couplesNewsletter: 'couple_newsletter',
  defaultNewsletterGroupIds: 'newsletter_groups',
  isDefault: 'default',
};

/** The key of the file that a property of the topology is written under. */
function fieldName(property: string): string {
  return fieldNames[property] ?? fileName(property);
}

function describeChanges(changes: readonly TopologyChange[], isDryRun: boolean): string {
  const count = changes.filter(({ change }) => change !== 'not in file').length;
  const noun = count === 1 ? '1 change' : `${count} changes`;
  const summary = count === 0 ? 'Nothing to change.' : isDryRun ? `Would apply ${noun}.` : `Applied ${noun}.`;
  const rows = changes.map(({ kind, id, change, fields }) => [
    change === 'not in file' ? 'kept' : change,
    `${kind} ${id}`,
    change === 'not in file' ? 'not in the file' : fields.join(', '),
  ]);
  return [columns(rows), summary].filter((part) => part !== '').join('\n');
}
