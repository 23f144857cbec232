/**
 * A raw query string, read as S3 reads it.
 */

/**
 * Decoded parameters; a name that is repeated has all its values. `+` stays `+`.
 *
 * @param {string} querystring without `?`
 * @returns {Record<string, string | string[]>}
 */
export function decodedQuery(querystring) {
  /** @type {Map<string, string[]>} */
  const parameters = new Map();
  for (const part of querystring.split('&').filter(Boolean)) {
    const [name = '', ...value] = part.split('=');
    const key = percentDecoded(name);
    parameters.set(key, [...(parameters.get(key) ?? []), percentDecoded(value.join('='))]);
  }
  return Object.fromEntries(
    [...parameters].map(([name, values]) => [name, values.length > 1 ? values : (values[0] ?? '')]),
  );
}

/**
 * Percent-decoded text; text that is not percent-encoded UTF-8 stays as it is.
 *
 * @param {string} text
 */
export function percentDecoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
