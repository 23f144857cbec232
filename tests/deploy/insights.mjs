// CloudWatch's languages as far as the queries and metric filters of deploy/ use them, after AWS's documentation ("Logs
// Insights QL", "Filter pattern syntax for metric filters"). What isn't understood throws.

/** @typedef {Record<string, any>} Line */

/**
 * A query of Logs Insights.
 *
 * @param {readonly string[]} commands @param {readonly Line[]} lines
 * @returns {Line[]} rows
 */
export function queried(commands, lines) {
  let rows = lines.map((line) => ({ ...line, '@timestamp': line.time }));
  for (const command of commands) {
    const [, name, rest] = /^(filter|stats|sort) (.+)$/u.exec(command) ?? [];
    if (name === 'filter') rows = rows.filter(condition(rest, ' and ', (row, field) => row[field]));
    else if (name === 'stats') rows = stats(rest, rows);
    else if (name === 'sort') rows = sorted(rest, rows);
    else throw new Error(`not understood: ${command}`);
  }
  return rows;
}

/** A metric filter's pattern. @param {string} pattern @param {Line} line */
export function matches(pattern, line) {
  const [, inner] = /^\{ (.+) \}$/u.exec(pattern) ?? [];
  if (inner === undefined) throw new Error(`not understood: ${pattern}`);
  const isMatch = (/** @type {string} */ part) => condition(part, ' && ', (row, field) => row[field.replace(/^\$\./u, '')])(line);
  return inner.split(' || ').some(isMatch);
}

/** @type {Record<string, (value: number, other: number) => boolean>} */
const COMPARISONS = {
  '=': (value, other) => value === other,
  '<': (value, other) => value < other,
  '>': (value, other) => value > other,
  '>=': (value, other) => value >= other,
};

/** @param {string} text @param {string} and @param {(row: Line, field: string) => any} valueOf @returns {(row: Line) => boolean} */
function condition(text, and, valueOf) {
  const terms = text.split(and).map((term) => {
    const [, present] = /^ispresent\(([\w@]+)\)$/u.exec(term) ?? [];
    if (present) return (/** @type {Line} */ row) => valueOf(row, present) !== undefined;
    const [, field, operator, string, number] = /^([$.\w@]+) (=|<|>|>=) (?:"([^"]*)"|(-?\d+))$/u.exec(term) ?? [];
    if (field === undefined) throw new Error(`not understood: ${term}`);
    return (/** @type {Line} */ row) => {
      const value = valueOf(row, field);
      if (value === undefined || value === null) return false;
      if (string === '*') return true;
      if (string !== undefined) return operator === '=' && value === string;
      return COMPARISONS[operator](value, Number(number));
    };
  });
  return (row) => terms.every((term) => term(row));
}

/** @param {string} text @param {Line[]} rows @returns {Line[]} */
function stats(text, rows) {
  const [functions, groups] = text.split(' by ');
  const by = groups.split(', ').map((group) => (group === 'bin(1d) as day' ? /** @type {const} */ (['day', (/** @type {Line} */ row) => row['@timestamp'].slice(0, 10)]) : /** @type {const} */ ([group, (/** @type {Line} */ row) => row[group]])));
  /** @type {Map<string, Line[]>} */
  const grouped = new Map();
  for (const row of rows) {
    const key = JSON.stringify(by.map(([, of]) => of(row) ?? null));
    grouped.set(key, [...(grouped.get(key) ?? []), row]);
  }
  return [...grouped.values()].map((group) => ({
    ...Object.fromEntries(by.map(([name, of]) => [name, of(group[0])])),
    ...Object.fromEntries(functions.split(', ').map((one) => aggregate(one, group))),
  }));
}

/** @param {string} text @param {Line[]} rows @returns {[string, any]} */
function aggregate(text, rows) {
  const [, name, field, alias] = /^(count|sum|min|max|count_distinct)\(([\w@*]+)\) as (\w+)$/u.exec(text) ?? [];
  const values = rows.map((row) => row[field]).filter((value) => value !== undefined && value !== null);
  const least = values.toSorted((one, other) => (one < other ? -1 : 1));
  if (name === 'count') return [alias, rows.length];
  if (name === 'sum') return [alias, values.reduce((sum, value) => sum + value, 0)];
  if (name === 'min') return [alias, least[0]];
  if (name === 'max') return [alias, least.at(-1)];
  if (name === 'count_distinct') return [alias, new Set(values).size];
  throw new Error(`not understood: ${text}`);
}

/** @param {string} text @param {Line[]} rows */
function sorted(text, rows) {
  const keys = text.split(', ').map((key) => {
    const [, field, order] = /^(\w+) (asc|desc)$/u.exec(key) ?? [];
    if (field === undefined) throw new Error(`not understood: ${key}`);
    return { field, sign: order === 'asc' ? 1 : -1 };
  });
  return rows.toSorted((one, other) => {
    for (const { field, sign } of keys) if (one[field] !== other[field]) return one[field] < other[field] ? -sign : sign;
    return 0;
  });
}
