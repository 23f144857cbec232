/**
 * XML as Amazon S3 writes it, and the one document it reads here.
 */

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
 * @returns {{ partNumber: number, etag: string }[] | null}
 */
export function completedParts(xml) {
  const [, list] = /<CompleteMultipartUpload\b[^>]*>([\s\S]*)<\/CompleteMultipartUpload>\s*$/.exec(xml) ?? [];
  const parts = [...(list ?? '').matchAll(/<Part>([\s\S]*?)<\/Part>/g)].map(([, part = '']) => ({
    partNumber: Number(childText(part, 'PartNumber')),
    etag: childText(part, 'ETag').replaceAll('"', ''),
  }));
  return parts.length > 0 && parts.every(({ partNumber, etag }) => partNumber >= 1 && etag) ? parts : null;
}

/**
 * @param {string} xml
 * @param {string} name
 */
function childText(xml, name) {
  const [, text = ''] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? [];
  return text
    .trim()
    .replace(/&(quot|#34|#x22);/g, '"')
    .replaceAll('&amp;', '&');
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? character);
}

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

export const XML_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';
