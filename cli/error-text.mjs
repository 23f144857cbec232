// The text of an error for a person.

/**
 * The error's message. Node gives an empty one to a connection that failed at each address of a host: then those of its
 * attempts, or else the code or the name.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function errorText(error) {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  const attempts = error instanceof AggregateError ? error.errors.map(errorText).join(', ') : '';
  const { code } = /** @type {{ code?: unknown }} */ (error);
  return attempts || (typeof code === 'string' ? code : error.name);
}
