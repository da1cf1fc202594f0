import { CompiledQuery } from 'kysely';
import type { Database } from '../../src/storage/database.ts';
import type { Handle } from '../../src/storage/handle.ts';
import type { DatabaseKind } from '../dialects.ts';

/** The queries a lookup would run, taken down instead of run; `answers` are the rows it is given for the first ones. */
export async function queriesOf(
  handle: Handle,
  lookup: (handle: Handle) => Promise<unknown>,
  answers: readonly unknown[][] = [],
): Promise<CompiledQuery[]> {
  const queries: CompiledQuery[] = [];
  const run = async <Row>(query: CompiledQuery<Row>): Promise<Row[]> => {
    queries.push(query);
    return (answers[queries.length - 1] ?? []) as Row[];
  };
  const recorder: Handle = { ...handle, run, runAside: run };
  await lookup(recorder);
  return queries;
}

export interface Step {
  text: string;
  usesIndex: boolean;
}

/** What a subquery of ours found is no table. */
const foundBySubquery = / (?:counted|matching|page|entries|found|CONSTANT ROW)$/;

/** How the database would get at each table of a query. */
export async function explain(
  kind: DatabaseKind,
  database: Database,
  { sql, parameters }: CompiledQuery,
): Promise<Step[]> {
  if (kind === 'sqlite') {
    const query = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const rows = (await database.reader.run(query)) as { detail: string }[];
    return rows
      .filter(({ detail }) => /^(?:SCAN|SEARCH) /.test(detail) && !foundBySubquery.test(detail))
      .map(({ detail }) => ({
        text: detail,
        usesIndex: /^SEARCH .*USING (?:.*INDEX|(?:INTEGER )?PRIMARY KEY)/.test(detail),
      }));
  }
  const rows = await database.transaction(async (handle) => {
    // The tables are empty: without this, reading them whole would be the right thing to do.
    for (const way of ['seqscan', 'hashjoin', 'mergejoin']) {
      await handle.run(CompiledQuery.raw(`set local enable_${way} = off`));
    }
    return handle.run(CompiledQuery.raw(`explain (format json) ${sql}`, [...parameters]));
  });
  const [{ Plan: plan }] = (rows as { 'QUERY PLAN': [{ Plan: PostgresPlan }] }[])[0]!['QUERY PLAN'];
  return accessesOf(plan);
}

interface PostgresPlan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PostgresPlan[];
}

function accessesOf(plan: PostgresPlan): Step[] {
  const below = (plan.Plans ?? []).flatMap(accessesOf);
  // A bitmap heap scan reads what the bitmap index scan below it found, and a change what its parts found.
  const isAccess =
    !['Bitmap Heap Scan', 'ModifyTable'].includes(plan['Node Type']) &&
    (plan['Relation Name'] ?? plan['Index Name']) !== undefined;
  if (!isAccess) return below;
  const text = `${plan['Node Type']} ${plan['Relation Name'] ?? ''} ${plan['Index Name'] ?? ''}`;
  return [{ text, usesIndex: plan['Index Cond'] !== undefined }, ...below];
}
