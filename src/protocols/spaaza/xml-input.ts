import { XMLParser } from 'fast-xml-parser';
import { decodingError } from './webapi-error.ts';

/** An element read from XML: the text of a leaf, or its children by name, repeated ones as a list. */
export type XmlValue = string | { [name: string]: XmlValue | XmlValue[] };

/** As the parser gives it with order kept: one member, the element's name, with its content. */
type XmlNode = Record<string, XmlNode[] | string>;

const textNode = '#text';
const cdataNode = '#cdata';
/** As deep as JSON may be (magento-webapi 3.3). */
const maxDepth = 512;

/**
 * Reads an XML body and drops the root element's name; attributes are ignored and every leaf is a string. Throws the
 * `Decoding error.` WebapiError for anything not well formed, for entities beyond the five of XML itself and character
 * references, and for any DOCTYPE, quoted ones included: nothing a caller declares is ever expanded.
 * Source: magento-webapi 3.3.
 */
export function parseXml(text: string): XmlValue {
  if (/<!DOCTYPE/i.test(text)) throw decodingError();
  // The parser lets a second root pass.
  const [root, ...more] = readNodes(text.startsWith('\ufeff') ? text.slice(1) : text).filter(isNotBlank);
  if (root === undefined || more.length > 0 || nameOf(root).startsWith('#')) throw decodingError();
  return toValue(contentOf(root));
}

function readNodes(text: string): XmlNode[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    parseTagValue: false,
    trimValues: false,
    processEntities: false,
    cdataPropName: cdataNode,
    maxNestedTags: maxDepth,
  });
  try {
    return parser.parse(text, true) as XmlNode[];
  } catch {
    throw decodingError();
  }
}

function toValue(content: XmlNode[]): XmlValue {
  const value: { [name: string]: XmlValue | XmlValue[] } = {};
  let text = '';
  let hasChildren = false;
  for (const node of content) {
    const name = nameOf(node);
    if (name === textNode) text += decodeReferences(String(node[textNode]));
    else if (name === cdataNode)
      text += contentOf(node)
        .map((part) => String(part[textNode] ?? ''))
        .join('');
    else {
      hasChildren = true;
      addChild(value, name, toValue(contentOf(node)));
    }
  }
  // Blank text is layout, and so is any text between children.
  if (hasChildren) return value;
  return isLayout(text) ? '' : text;
}

function addChild(parent: { [name: string]: XmlValue | XmlValue[] }, name: string, child: XmlValue): void {
  if (name === '__proto__') return;
  const known = Object.hasOwn(parent, name) ? parent[name] : undefined;
  if (known === undefined) parent[name] = child;
  else if (Array.isArray(known)) known.push(child);
  else parent[name] = [known, child];
}

function isNotBlank(node: XmlNode): boolean {
  const text = node[textNode];
  return typeof text !== 'string' || !isLayout(text);
}

/** XML's own white space; a no-break space is text. */
function isLayout(text: string): boolean {
  return /^[ \t\r\n]*$/.test(text);
}

function nameOf(node: XmlNode): string {
  return Object.keys(node)[0] ?? textNode;
}

function contentOf(node: XmlNode): XmlNode[] {
  const content = node[nameOf(node)];
  return Array.isArray(content) ? content : [];
}

const predefined: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:(amp|lt|gt|quot|apos)|#(\d+)|#x([0-9a-fA-F]+));|&/g, (_, name, decimal, hex) => {
    if (name !== undefined) return predefined[name] ?? '';
    if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
    if (hex !== undefined) return character(Number.parseInt(hex, 16));
    throw decodingError();
  });
}

function character(code: number): string {
  const isControl = code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d;
  const isSurrogate = code >= 0xd800 && code <= 0xdfff;
  if (isControl || isSurrogate || code > 0x10ffff) throw decodingError();
  return String.fromCodePoint(code);
}
