// Finds names that are repeated in an object of a JSON text. JSON.parse silently keeps the last.

/** A string, or a character that opens, closes or separates values. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gu;

/**
 * @typedef {{ path: string, names?: Set<string>, name: string, index: number }} Container an object, with its `names`
 *   so far, or an array; `name` and `index` are those of the next value
 */

/**
 * @param {string} json a JSON text
 * @returns {string | undefined} the path of the first repeated name
 */
export function repeatedName(json) {
  /** @type {Container[]} */
  const containers = [];
  let text = '';
  for (const [token] of json.matchAll(TOKEN)) {
    const current = containers.at(-1);
    if (token === '{' || token === '[') {
      containers.push({
        path: current ? pathIn(current) : '',
        names: token === '{' ? new Set() : undefined,
        name: '',
        index: 0,
      });
    } else if (token === '}' || token === ']') {
      containers.pop();
    } else if (token === ',' && current) {
      current.index += 1;
    } else if (token === ':' && current?.names) {
      current.name = JSON.parse(text);
      if (current.names.has(current.name)) return pathIn(current);
      current.names.add(current.name);
    } else {
      text = token;
    }
  }
  return undefined;
}

/** @param {Container} container @returns {string} as in `hosts[2].bucket` */
function pathIn({ path, names, name, index }) {
  if (names === undefined) return `${path}[${index}]`;
  return path === '' ? name : `${path}.${name}`;
}
