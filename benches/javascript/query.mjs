// The query string: every name at most once.

import { decode } from './percent-encoding.mjs';
import { refuse } from './refusal.mjs';

const CONTROL = /\p{Cc}/u;
const NONE = /** @type {ReadonlyMap<string, string>} */ (new Map());

/** @param {string} raw @returns {ReadonlyMap<string, string>} decoded, in the order that was sent */
export function parseQuery(raw) {
  if (raw === '') return NONE;
  const query = new Map();
  for (const parameter of raw.split('&')) {
    const equals = parameter.indexOf('=');
    const name = decoded(equals < 0 ? parameter : parameter.slice(0, equals));
    const value = equals < 0 ? '' : decoded(parameter.slice(equals + 1));
    if (name === '' || query.size === 32) refuse('MalformedQuery');
    if (query.has(name)) refuse('RepeatedParameter', name);
    query.set(name, value);
  }
  return query;
}

/** @param {string} text */
function decoded(text) {
  const value = decode(text);
  if (value === undefined || CONTROL.test(value)) refuse('MalformedQuery');
  return value;
}
