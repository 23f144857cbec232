// The address of the client: of the connection, or as a proxy says it that may.

import { BlockList, SocketAddress, isIP } from 'node:net';

/**
 * @typedef {object} Listener `listener` of the configuration, which the core checked (src/documents/listener.rs)
 * @property {{ certificate: string, key: string }} [tls] files
 * @property {'socket' | 'proxy-protocol' | 'x-forwarded-for'} [clientAddress]
 * @property {string[]} [trustedProxies] addresses, and ranges of them
 * @property {number} [trustedHops] proxies that add to X-Forwarded-For
 *
 * @typedef {{ remoteAddress?: string, remotePort?: number }} Peer of a connection
 */

/** @param {string} [address] @returns {string} an IPv4 address without the form that IPv6 sockets give it */
export function plainAddress(address = '') {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/iu, '');
}

/**
 * Whether one of these addresses is a proxy that may say what the client's is.
 *
 * @param {string[]} [ranges]
 * @returns {(address: string) => boolean}
 */
export function trustedProxies(ranges = []) {
  const list = new BlockList();
  for (const range of ranges) {
    const [address, length] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (length === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(length), family);
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/**
 * The client's address in X-Forwarded-For. Each proxy adds the address that it sees at the end, so what the client itself
 * wrote is before those of the proxies that are trusted.
 *
 * @param {string[]} [lines] of the header
 * @param {number} [hops]
 * @returns {string | undefined} undefined where there is no address at that place
 */
export function forwardedFor(lines = [], hops = 1) {
  const address = lines.join(',').split(',').at(-hops)?.trim() ?? '';
  return isIP(address) === 0 ? undefined : address;
}

/** @param {readonly number[]} bytes of an IPv6 address */
export function ipv6Text(bytes) {
  const hex = Buffer.from(bytes).toString('hex').replace(/(.{4})(?!$)/gu, '$1:');
  return plainAddress(new SocketAddress({ address: hex, family: 'ipv6' }).address);
}
