/**
 * XML as Amazon S3 writes it, and the documents it reads here.
 */
import { SaxesParser } from 'saxes';

/** @typedef {{ name: string, text: string, children: XmlElement[] }} XmlElement */
/** @typedef {{ partNumber: number, etag: string, fields: Record<string, string | undefined> }} CompletedPart */
/** @typedef {{ [name: string]: string | number | boolean | XmlContent | XmlContent[] | undefined }} XmlContent */

/**
 * A result document, in S3's namespace.
 *
 * @param {string} name
 * @param {XmlContent} content
 */
export function resultDocument(name, content) {
  return (
    XML_PROLOG +
    element(name, content).replace(`<${name}>`, `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
  );
}

/**
 * An element. An array repeats it, and undefined leaves it out.
 *
 * @param {string} name
 * @param {XmlContent[string]} content
 * @returns {string}
 */
export function element(name, content) {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((item) => element(name, item)).join('');
  const inner =
    typeof content === 'object'
      ? Object.entries(content)
          .map(([child, value]) => element(child, value))
          .join('')
      : escaped(String(content));
  return `<${name}>${inner}</${name}>`;
}

/**
 * The parts in a CompleteMultipartUpload document, or null if it isn't one. ETags are without their quotes.
 *
 * @param {string} xml
 * @returns {CompletedPart[] | null}
 */
export function completedParts(xml) {
  const root = readXml(xml);
  if (root?.name !== 'CompleteMultipartUpload') return null;
  if (root.children.length === 0 || root.children.some(({ name }) => name !== 'Part')) return null;
  const parts = root.children.map((part) => {
    const fields = fieldsOf(part);
    const { PartNumber = '', ETag = '' } = fields;
    return { partNumber: Number(PartNumber), etag: ETag.replaceAll('"', ''), fields };
  });
  return parts.every(({ partNumber, etag }) => Number.isInteger(partNumber) && etag) ? parts : null;
}

/**
 * The objects in a Delete document, or null if it isn't one.
 *
 * @param {string} xml
 * @returns {{ quiet: boolean, objects: { key: string, versionId: string | undefined }[] } | null}
 */
export function objectsToDelete(xml) {
  const root = readXml(xml);
  if (root?.name !== 'Delete') return null;
  const objects = root.children
    .filter(({ name }) => name === 'Object')
    .map((child) => fieldsOf(child))
    .map(({ Key = '', VersionId }) => ({ key: Key, versionId: VersionId }));
  const quiet = root.children.some(({ name, text }) => name === 'Quiet' && text === 'true');
  return objects.length > 0 && objects.every(({ key }) => key) ? { quiet, objects } : null;
}

/**
 * @param {string} xml
 * @returns {XmlElement | undefined} undefined if it isn't well-formed
 */
function readXml(xml) {
  /** @type {XmlElement} */
  const document = { name: '', text: '', children: [] };
  const open = [document];
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('opentag', ({ local }) => {
    const child = { name: local, text: '', children: [] };
    open.at(-1)?.children.push(child);
    open.push(child);
  });
  parser.on('text', (text) => {
    const parent = open.at(-1);
    if (parent) parent.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.on('error', (error) => {
    throw error;
  });
  try {
    parser.write(xml).close();
    return document.children[0];
  } catch {
    return undefined;
  }
}

/**
 * The texts of an element's children by their names.
 *
 * @param {XmlElement} element
 * @returns {Record<string, string | undefined>}
 */
function fieldsOf({ children }) {
  return Object.fromEntries(children.map(({ name, text }) => [name, text.trim()]));
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character);
}

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

export const XML_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';
