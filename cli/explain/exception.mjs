// Reads what SDKs print when OSS refuses a request: OSS's error document, in the form that each language gives it.

import { adviceOf } from './advice.mjs';

/**
 * @typedef {object} SdkError a field that isn't in the text is undefined
 * @property {string} [code]
 * @property {string} [requestId] as OSS writes it
 * @property {string} [accessKeyId]
 * @property {string} [host] that was asked
 * @property {string} [signature] as the server got it
 * @property {string} [stringToSign] as the server made it
 * @property {string} [canonicalRequest]
 * @property {string} [ownStringToSign] as the SDK made it, where its debug log is part of the text
 */

/**
 * @param {string} text
 * @returns {SdkError | undefined} undefined where it has nothing of an OSS error
 */
export function sdkErrorOf(text) {
  const error = {
    code:
      fieldOf(text, 'Code') ??
      wordAfter(text, /\b(?:ErrorCode|Error Code|code)\]?["']?\s*[:=]\s*["']?/u) ??
      nameOf(text) ??
      knownCodeIn(text),
    requestId: fieldOf(text, 'RequestId') ?? /\b[0-9A-F]{24}\b/u.exec(text)?.[0],
    accessKeyId: fieldOf(text, 'OSSAccessKeyId'),
    host: fieldOf(text, 'HostId'),
    signature: fieldOf(text, 'SignatureProvided'),
    stringToSign: fieldOf(text, 'StringToSign'),
    canonicalRequest: fieldOf(text, 'CanonicalRequest'),
    ownStringToSign: ownTextOf(text),
  };
  return error.code !== undefined || error.stringToSign !== undefined || error.ownStringToSign !== undefined
    ? error
    : undefined;
}

/**
 * A field of the error document: as XML (Java, curl), or as the dictionary that Python prints.
 *
 * @param {string} text @param {string} name
 */
function fieldOf(text, name) {
  const xml = new RegExp(`<${name}>([^<]*)</${name}>`, 'u').exec(text)?.[1];
  if (xml !== undefined) return unescapedXml(xml);
  const [, quote, quoted] = new RegExp(`['"]${name}['"]: (['"])((?:\\\\[^]|(?!\\1)[^\\\\])*)\\1`, 'u').exec(text) ?? [];
  return quote === undefined ? undefined : unescapedText(quoted);
}

/** The error's name in ali-oss. @param {string} text */
function nameOf(text) {
  return /\b([A-Z][A-Za-z]+)Error\b/u.exec(text)?.[1];
}

/** A known code anywhere in the text, as in a log with only the first line of an exception. @param {string} text */
function knownCodeIn(text) {
  return text.split(/\W+/u).find((word) => adviceOf(word) !== undefined);
}

/** @param {string} text @param {RegExp} before */
function wordAfter(text, before) {
  return new RegExp(`${before.source}([A-Z][A-Za-z]+)`, 'u').exec(text)?.[1];
}

/** Finds the StringToSign in a debug log of ali-oss (`DEBUG=ali-oss`), or a similar one. @param {string} text */
function ownTextOf(text) {
  const [, v1] =
    /\bstring ?to ?sign: ?((?:[A-Z]+)\n[^\n]*\n[^\n]*\n[^\n]*\n(?:x-oss-[^\n]*\n)*\/[^\n]*)/iu.exec(text) ?? [];
  return v1?.replace(/ \+\d+m?s$/u, '');
}

/** @param {string} text */
function unescapedXml(text) {
  const named = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(lt|gt|quot|apos|amp));/giu, (_, hex, decimal, name) =>
    name ? named[/** @type {'lt'} */ (name)] : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );
}

/** Resolves the escapes of a quoted text of Python or JSON. @param {string} text */
function unescapedText(text) {
  const named = /** @type {Record<string, string>} */ ({ n: '\n', r: '\r', t: '\t' });
  return text.replaceAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([^]))/giu, (_, byte, unit, one) =>
    one === undefined ? String.fromCharCode(Number.parseInt(byte ?? unit, 16)) : (named[one] ?? one),
  );
}
