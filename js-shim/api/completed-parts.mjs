// The document of CompleteMultipartUpload as OSS's SDKs write it: ETags with quotes, with `&quot;`
// (C), or without any (C++); with a namespace or not.

/** @typedef {{ PartNumber: number, ETag: string }} CompletedPart */

/** OSS and S3 alike. */
const MAX_PARTS = 10_000;

/** An ETag and its quotes: S3's have 32 hexadecimal digits. */
const MAX_ETAG = 128;

const PROLOG = /^\uFEFF?\s*(?:<\?xml[^<>]*\?>)?\s*/u;

/** One piece of a document: a tag, or the text before one. Each is found in one pass. */
const PIECE = /<(\/?)([A-Za-z][\w.:-]*)(?:\s[^<>]*?)?(\/?)>|([^<]+)/uy;

/** Root, part and child, from the outside. */
const ROOT = 'CompleteMultipartUpload';
const DEPTH = { outside: 0, root: 1, part: 2, child: 3 };

/**
 * The parts that a document lists, in its order, each ETag in quotes.
 *
 * @param {string} xml
 * @returns {CompletedPart[] | undefined} nothing when it is no such document or lists none
 */
export function readCompletedParts(xml) {
  const document = new PartsDocument();
  let at = PROLOG.exec(xml)?.[0].length ?? 0;
  while (at < xml.length) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(xml);
    if (piece === null || !document.takes(piece)) return undefined;
    at = PIECE.lastIndex;
  }
  return document.isWhole() ? document.parts : undefined;
}

class PartsDocument {
  /** @type {CompletedPart[]} */
  parts = [];
  /** @type {string[]} */
  #open = [];
  #begun = false;
  /** @type {Map<string, string>} children of the part that is open, each once */
  #children = new Map();

  /**
   * Whether the next piece has a place in the document.
   *
   * @param {(string | undefined)[]} piece
   */
  takes([, closing, name = '', empty, text]) {
    if (text !== undefined) return this.#takesText(text);
    const local = name.slice(name.indexOf(':') + 1);
    if (closing) return this.#closes(local);
    return this.#opens(local) && (!empty || this.#closes(local));
  }

  isWhole() {
    return this.#open.length === DEPTH.outside && this.parts.length > 0;
  }

  /** @param {string} text */
  #takesText(text) {
    if (this.#open.length < DEPTH.child) return text.trim() === '';
    this.#children.set(this.#open[DEPTH.part], text);
    return true;
  }

  /** @param {string} name */
  #opens(name) {
    const depth = this.#open.push(name);
    if (depth === DEPTH.root) return !this.#begun && (this.#begun = name === ROOT);
    if (depth === DEPTH.part) return name === 'Part';
    const repeated = this.#children.has(name);
    this.#children.set(name, '');
    return depth === DEPTH.child && !repeated;
  }

  /** @param {string} name */
  #closes(name) {
    const depth = this.#open.length;
    if (this.#open.pop() !== name) return false;
    if (depth !== DEPTH.part) return true;
    const part = readPart(this.#children);
    this.#children.clear();
    return part !== undefined && this.parts.push(part) <= MAX_PARTS;
  }
}

/** @param {Map<string, string>} children @returns {CompletedPart | undefined} */
function readPart(children) {
  const number = (children.get('PartNumber') ?? '').trim();
  const etag = unescaped(children.get('ETag') ?? '').trim().replaceAll(/^"|"$/gu, '');
  const valid = /^[1-9]\d{0,4}$/u.test(number) && Number(number) <= MAX_PARTS && etag !== '' && etag.length <= MAX_ETAG;
  if (!valid || /[^!-~]|["<>&]/u.test(etag)) return undefined;
  // OSS's ETags are in upper case, S3's in lower, and firmware may make either of what it got.
  return { PartNumber: Number(number), ETag: `"${/^[0-9A-F]{32}$/iu.test(etag) ? etag.toLowerCase() : etag}"` };
}

/** @param {string} text */
function unescaped(text) {
  return text.replaceAll(/&(?:quot|#34|#[xX]22);/gu, '"').replaceAll(/&(?:amp|#38|#[xX]26);/gu, '&');
}
