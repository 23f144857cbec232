// Prepares a signed text for printing, without tokens and anything that looks like a signature.

import { createHash } from 'node:crypto';

import { loggedKey } from '../../js-shim/log.mjs';

/**
 * @param {string} text that should have been signed, or a sentence about it
 */
export function shownText(text) {
  return text
    .replaceAll(
      /((?:x-oss-)?security-token)([:=])([^\n&`]+)/giu,
      (_, name, separator, token) => `${name}${separator}${prefixOf(token)}`,
    )
    .split('\n')
    .map((line) => (/security-token/iu.test(line) ? line : loggedKey(line)))
    .join('\n');
}

/**
 * @param {import('./signed-text.mjs').Form} form
 * @returns {Record<string, unknown>} by the names of its pieces
 */
export function shownForm(form) {
  const pairs = (/** @type {[string, string][]} */ list) =>
    list.map(([name, value]) => [name, /security-token/iu.test(name) ? prefixOf(value) : loggedKey(value)]);
  const common = {
    method: form.method,
    date: form.date,
    headers: pairs(form.headers),
    bucket: form.bucket,
    key: loggedKey(form.key),
  };
  if (form.version === 1) {
    const { contentMd5, contentType, parameters } = form;
    return { version: 1, ...common, contentMd5, contentType, subResources: pairs(parameters) };
  }
  const { parameters, additional, payload, scope } = form;
  return { version: 4, ...common, query: pairs(parameters), additionalHeaders: additional, payload, scope };
}

/** @param {string} secret */
function prefixOf(secret) {
  if (/^\(sha256 /u.test(secret)) return secret;
  const hash = /^sha256-([0-9a-f]{64})$/u.exec(secret)?.[1] ?? createHash('sha256').update(secret).digest('hex');
  return `(sha256 ${hash.slice(0, 8)}…)`;
}
