import type { CompiledQuery, Kysely } from 'kysely';
import type { Handle } from './database.ts';
import type { Tables } from './tables.ts';

/** Stands for the nth argument while a query is compiled. */
class Placeholder {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}

/**
 * Builds a query once and runs it many times with other arguments: the hot paths then pay for running it only. `build`
 * receives one stand-in per argument and must use each as a plain value.
 */
export function prepared<Args extends readonly unknown[], Row>(
  build: (db: Kysely<Tables>, ...args: Args) => { compile(): CompiledQuery<Row> },
): (handle: Handle, ...args: Args) => Promise<Row[]> {
  // Both dialects may be open in one process (tests, moves between databases): one compiled form each.
  const compiledBy = new Map<object, { query: CompiledQuery<Row>; order: readonly (number | undefined)[] }>();
  return (handle, ...args) => {
    let compiled = compiledBy.get(handle.compilerKey);
    if (compiled === undefined) {
      const standIns = Array.from({ length: build.length - 1 }, (_, index) => new Placeholder(index));
      const query = build(handle.db, ...(standIns as unknown as Args)).compile();
      compiled = {
        query,
        order: query.parameters.map((parameter) => (parameter instanceof Placeholder ? parameter.index : undefined)),
      };
      compiledBy.set(handle.compilerKey, compiled);
    }
    const { query, order } = compiled;
    const parameters = order.map((index, position) => (index === undefined ? query.parameters[position] : args[index]));
    return handle.run({ ...query, parameters });
  };
}
