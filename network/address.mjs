/** Ranges of addresses, read strictly: one spelling for each, and no bit beside the prefix. */
import ipaddr from 'ipaddr.js';

/** @typedef {{ text: string, address: ipaddr.IPv4 | ipaddr.IPv6, bits: number }} Range */

/** @param {string} text as in 10.0.0.0/16 or 2001:db8::/48 @returns {Range | undefined} */
export function parseRange(text) {
  const kind = text.includes(':') ? ipaddr.IPv6 : ipaddr.IPv4;
  const isValid = kind === ipaddr.IPv6 ? ipaddr.IPv6.isValidCIDR(text) : ipaddr.IPv4.isValidCIDRFourPartDecimal(text);
  if (!isValid) return undefined;
  const [address, bits] = kind.parseCIDR(text);
  const canonical = `${kind.networkAddressFromCIDR(text)}/${bits}`;
  return canonical === text ? { text, address, bits } : undefined;
}

/** @param {string} text @returns {ipaddr.IPv4 | undefined} */
export function parseIpv4(text) {
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? ipaddr.IPv4.parse(text) : undefined;
}

/** @param {string} text one that `parseRange` takes @returns {Range} */
export function range(text) {
  const parsed = parseRange(text);
  if (parsed === undefined) throw new Error(`expected a range of addresses, found ${text}`);
  return parsed;
}

/** @param {Range} outer @param {Range} inner */
export function covers(outer, inner) {
  return isSameFamily(outer, inner) && outer.bits <= inner.bits && sharesPrefix(outer, inner, outer.bits);
}

/** @param {Range} a @param {Range} b */
export function overlap(a, b) {
  return isSameFamily(a, b) && sharesPrefix(a, b, Math.min(a.bits, b.bits));
}

/** @param {Range} a @param {ipaddr.IPv4 | ipaddr.IPv6} address */
export function holds(a, address) {
  return covers(a, { text: '', address, bits: address.kind() === 'ipv4' ? 32 : 128 });
}

/** The two usable addresses of a /30. @param {string} text @returns {[string, string]} */
export function hostsOf(text) {
  const [a, b, c, last] = range(text).address.toByteArray();
  return [`${a}.${b}.${c}.${last + 1}`, `${a}.${b}.${c}.${last + 2}`];
}

/** @param {Range} a @param {Range} b */
function isSameFamily(a, b) {
  return a.address.kind() === b.address.kind();
}

/** @param {Range} a @param {Range} b @param {number} bits */
function sharesPrefix(a, b, bits) {
  return /** @type {any} */ (a.address).match(b.address, bits);
}
