/** What fills the placeholders of a message: named ones from an object, `%1`, `%2` … from a list. */
export type TemplateParameters = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * Fills the placeholders of a message for people to read, in our own log: the wire carries the raw template and leaves
 * the filling to the caller. A placeholder is `%` and a name without a closing mark, so the longest known name wins
 * (`%field2Value` before `%field`, `%10` before `%1`); unknown ones stay, and filled-in values are never filled again.
 * Source: magento-webapi 5.2.
 */
export function fillTemplate(message: string, parameters: TemplateParameters | undefined): string {
  if (parameters === undefined || !message.includes('%')) return message;
  const values = new Map<string, unknown>(
    Array.isArray(parameters)
      ? parameters.map((value, index) => [String(index + 1), value] as const)
      : Object.entries(parameters).filter(([name]) => name !== ''),
  );
  const longestFirst = [...values.keys()].sort((a, b) => b.length - a.length);

  let filled = '';
  let from = 0;
  for (;;) {
    const sign = message.indexOf('%', from);
    if (sign === -1) return filled + message.slice(from);
    const name = longestFirst.find((candidate) => message.startsWith(candidate, sign + 1));
    filled += message.slice(from, sign) + (name === undefined ? '%' : asText(values.get(name)));
    from = sign + 1 + (name?.length ?? 0);
  }
}

function asText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
