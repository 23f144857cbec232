// The document of CompleteMultipartUpload. OSS's SDKs write ETags with quotes, with `&quot;` (C) or
// without either (C++), and the document with a namespace or without.

import { SaxesParser } from 'saxes';

/** @typedef {{ PartNumber: number, ETag: string }} CompletedPart */

/** The limit of both OSS and S3. */
const MAX_PARTS = 10_000;

/** Characters of an ETag. S3's have 32 hexadecimal digits, and may end in a hyphen and a number. */
const MAX_ETAG = 128;

/** How deep the elements are. */
const DEPTH = { root: 1, part: 2, field: 3 };

/**
 * The parts that a document lists, in its order, each ETag in quotes.
 *
 * The document must be well-formed. A DOCTYPE, a comment, a CDATA section and a processing
 * instruction are refused: no OSS client writes one.
 *
 * @param {string} xml
 * @returns {CompletedPart[] | undefined} undefined if it isn't such a document or lists no part
 */
export function readCompletedParts(xml) {
  const reader = new PartsReader();
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('opentag', ({ local }) => reader.open(local));
  parser.on('text', (text) => reader.text(text));
  parser.on('closetag', () => reader.close());
  for (const event of /** @type {const} */ (['error', 'doctype', 'comment', 'cdata', 'processinginstruction'])) {
    parser.on(event, refuse);
  }
  try {
    // Blanks before the XML declaration aren't well-formed XML, but are accepted.
    parser.write(xml.trimStart()).close();
  } catch (error) {
    if (error instanceof MalformedParts) return undefined;
    throw error;
  }
  return reader.parts.length > 0 ? reader.parts : undefined;
}

class MalformedParts extends Error {}

function refuse() {
  throw new MalformedParts();
}

/** Collects the parts while the document is parsed. */
class PartsReader {
  /** @type {CompletedPart[]} */
  parts = [];
  /** The names of the open elements, the root first. @type {string[]} */
  #path = [];
  /** The text of the open part's children, by their names. @type {Map<string, string>} */
  #fields = new Map();

  /** @param {string} name without a namespace's prefix */
  open(name) {
    const depth = this.#path.push(name);
    if (depth === DEPTH.root && name === 'CompleteMultipartUpload') return;
    if (depth === DEPTH.part && name === 'Part' && this.parts.length < MAX_PARTS) return;
    if (depth !== DEPTH.field || this.#fields.has(name)) refuse();
    this.#fields.set(name, '');
  }

  /** @param {string} text */
  text(text) {
    const name = this.#path[DEPTH.field - 1];
    if (name !== undefined) this.#fields.set(name, this.#fields.get(name) + text);
    else if (text.trim() !== '') refuse();
  }

  close() {
    if (this.#path.length === DEPTH.part) {
      this.parts.push(readPart(this.#fields));
      this.#fields.clear();
    }
    this.#path.pop();
  }
}

/**
 * @param {Map<string, string>} fields
 * @returns {CompletedPart}
 * @throws {MalformedParts}
 */
function readPart(fields) {
  const number = fields.get('PartNumber')?.trim() ?? '';
  if (!/^[1-9]\d{0,4}$/u.test(number) || Number(number) > MAX_PARTS) refuse();
  const etag = fields.get('ETag')?.trim().replaceAll(/^"|"$/gu, '') ?? '';
  if (etag === '' || etag.length > MAX_ETAG || /[^!-~]|["<>&]/u.test(etag)) refuse();
  // OSS's ETags are in upper case, S3's in lower case, and firmware may change the case of those it got.
  return { PartNumber: Number(number), ETag: `"${/^[0-9A-F]{32}$/iu.test(etag) ? etag.toLowerCase() : etag}"` };
}
