// Results in OSS's XML. They have no namespace: in one, the SDKs for Java, .NET and Python don't find
// the elements.

import { escapeXml } from '../edge/oss-error.mjs';

/** @typedef {[name: string, content: string | number | boolean | Element[]]} Element */

/**
 * @param {string} root
 * @param {Element[]} elements
 */
export function ossDocument(root, elements) {
  const inner = elements.map((element) => written(element, '  ')).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>\n${inner}</${root}>\n`;
}

/**
 * The elements that name an object. Go v1 builds its next requests from `Key`, so the key is encoded
 * only if the client asked for that.
 *
 * @param {import('./request.mjs').Request} request
 * @returns {Element[]}
 */
export function objectElements({ bucket, key, options }) {
  const encoded = options.has('encode-key');
  return [
    ...(encoded ? [/** @type {Element} */ (['EncodingType', 'url'])] : []),
    ['Bucket', bucket],
    ['Key', encoded ? encodeURIComponent(key) : key],
  ];
}

/** @param {Element} element @param {string} indent @returns {string} */
function written([name, content], indent) {
  if (!Array.isArray(content)) return `${indent}<${name}>${escapeXml(String(content))}</${name}>\n`;
  const inner = content.map((element) => written(element, `${indent}  `)).join('');
  return `${indent}<${name}>\n${inner}${indent}</${name}>\n`;
}
