// A parsed JSON document in the flat encoding that the core reads (src/document/flat.rs).

/**
 * @param {unknown} value of JSON
 * @returns {string}
 */
export function flatDocument(value) {
  if (value === null || value === undefined) return 'z';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'number') return `n${value}`;
  // No field may have a NUL; the character that stands for it is one that no field may have either.
  if (typeof value === 'string') return `s${withoutNul(value)}`;
  if (Array.isArray(value)) return [`[${value.length}`, ...value.map(flatDocument)].join('\0');
  const entries = Object.entries(value);
  return [`{${entries.length}`, ...entries.flatMap(([name, field]) => [withoutNul(name), flatDocument(field)])].join('\0');
}

/** @param {string} text */
function withoutNul(text) {
  return text.replaceAll('\0', '\u{fffd}');
}
