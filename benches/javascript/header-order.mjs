// The orders in which SDKs sort headers.

/** @param {string} one @param {string} other */
export function byteOrder(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** `apr_strnatcasecmp`, which the C SDK sorts with. @param {string} one @param {string} other */
export function naturalOrder(one, other) {
  for (let i = 0; ; i += 1) {
    if (i >= one.length || i >= other.length) return one.length - other.length;
    const a = /^\d+/u.exec(one.slice(i))?.[0];
    const b = /^\d+/u.exec(other.slice(i))?.[0];
    if (a !== undefined && b !== undefined) {
      const fraction = a[0] === '0' || b[0] === '0';
      const order = (fraction ? 0 : a.length - b.length) || byteOrder(a, b);
      if (order !== 0) return order;
    }
    if (one[i] !== other[i]) return byteOrder(one[i].toUpperCase(), other[i].toUpperCase());
  }
}

/** Early releases of Java v2 sort whole lines. @param {string} one @param {string} other */
export function lineOrder(one, other) {
  return byteOrder(`${one}:`, `${other}:`);
}
