/**
 * Renders an answer or an error body as XML under `<response>`: members as elements in their order, lists as repeated
 * `<item>`, null as an empty element, members that are undefined left out. Names that XML does not allow get the prefix
 * `item_`, characters it cannot carry become U+FFFD. Source: magento-webapi 5.5, 6.6.
 */
export function renderXml(value: unknown): string {
  return `<?xml version="1.0"?>\n${element('response', value, '')}`;
}

function element(name: string, value: unknown, indent: string): string {
  const content =
    typeof value === 'object' && value !== null ? children(value, `${indent}  `) : escapeText(asText(value));
  if (content === '') return `${indent}<${name}/>\n`;
  return typeof value === 'object'
    ? `${indent}<${name}>\n${content}${indent}</${name}>\n`
    : `${indent}<${name}>${content}</${name}>\n`;
}

function children(value: object, indent: string): string {
  if (Array.isArray(value)) return value.map((item) => element('item', item, indent)).join('');
  let content = '';
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) content += element(elementName(key), member, indent);
  }
  return content;
}

/** Without colons: a prefix that nobody declared would make the document ill-formed to namespace-aware readers. */
function elementName(key: string): string {
  const name = key.replace(/[^A-Za-z0-9_.-]/g, '_');
  return /^[A-Za-z_]/.test(name) ? name : `item_${name}`;
}

function asText(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}

function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>\r]/g, (character) => references[character] ?? '');
}

/** A raw carriage return would reach the reader as a line feed. */
const references: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
