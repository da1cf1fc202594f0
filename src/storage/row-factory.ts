/** Makes a row's object from its values. */
export type ToRow<Value> = (values: readonly Value[]) => unknown;

/** A column by its name; `parse` makes what is read of a value that is not null, which otherwise stays as it is. */
export interface Column<Value> {
  readonly name: string;
  readonly parse?: ((value: Value) => unknown) | undefined;
}

/**
 * Compiles `(values) => ({ name: values[0], … })`: for our wide joins that takes half the time of an object that is filled
 * name by name. The names are those of our own queries, and quoted all the same.
 */
export function rowFactory<Value>(columns: readonly Column<Value>[]): ToRow<Value> {
  const members = columns.map(({ name, parse }, index) => {
    const value = `values[${index}]`;
    return `${JSON.stringify(name)}: ${parse === undefined ? value : `${value} === null ? null : parsers[${index}](${value})`}`;
  });
  const make = new Function('parsers', `return (values) => ({ ${members.join(', ')} });`) as (
    parsers: readonly Column<Value>['parse'][],
  ) => ToRow<Value>;
  return make(columns.map(({ parse }) => parse));
}
