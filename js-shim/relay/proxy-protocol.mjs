// The PROXY protocol, versions 1 and 2: a load balancer says before the first byte of a connection who its client is
// (haproxy.org/download/3.0/doc/proxy-protocol.txt).

import { once } from 'node:events';
import { isIP } from 'node:net';

import { Command, IPv4ProxyAddress, IPv6ProxyAddress, TransportProtocol, V1BinaryProxyProtocol, V2ProxyProtocol } from 'proxy-protocol-js';

import { ipv6Text, plainAddress } from './client-address.mjs';

/** Bytes of a header of version 1 (section 2.1), and of the fixed part of one of version 2 (section 2.2). */
const V1_BYTES = 107;
const V2_FIXED_BYTES = 16;

/** Of a header of version 2, addresses and extensions included. Those of load balancers have some hundred bytes. */
const V2_MAX_BYTES = 4096;

const V1_SIGNATURE = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');

/** The extension in which AWS names the interface endpoint: type and subtype (elasticloadbalancing, "Proxy protocol"). */
const AWS_EXTENSION = 0xea;
const VPC_ENDPOINT_ID = 1;

/** @typedef {{ address?: string, vpcEndpointId?: string }} Client `address` is undefined where the proxy speaks for itself */

/** What is refused: the connection says nothing of itself that could be believed. */
export class ProxyProtocolFault extends Error {
  /** @override */
  name = 'ProxyProtocolFault';
}

/**
 * Reads the header, and leaves what follows it on the connection, which is paused then.
 *
 * @param {import('node:net').Socket} socket
 * @param {number} milliseconds that it may take
 * @returns {Promise<Client>}
 * @throws {ProxyProtocolFault}
 */
export async function readProxyHeader(socket, milliseconds) {
  const signal = AbortSignal.timeout(milliseconds);
  let bytes = Buffer.alloc(0);
  for (;;) {
    const length = headerLength(bytes);
    if (bytes.length >= length) {
      socket.unshift(bytes.subarray(length));
      return clientOf(bytes.subarray(0, length));
    }
    bytes = Buffer.concat([bytes, await nextChunk(socket, signal)]);
  }
}

/** @param {import('node:net').Socket} socket @param {AbortSignal} signal @returns {Promise<Buffer>} */
async function nextChunk(socket, signal) {
  const ended = new AbortController();
  const both = AbortSignal.any([signal, ended.signal]);
  const close = () => ended.abort();
  socket.once('end', close).once('close', close).once('error', close);
  try {
    socket.resume();
    const [chunk] = await once(socket, 'data', { signal: both });
    return chunk;
  } catch {
    throw new ProxyProtocolFault(signal.aborted ? 'no whole header of the PROXY protocol in time' : 'closed in its header');
  } finally {
    socket.pause();
    socket.off('end', close).off('close', close).off('error', close);
  }
}

/**
 * @param {Buffer} bytes that came
 * @returns {number} the header's length; Infinity while it isn't known
 * @throws {ProxyProtocolFault}
 */
function headerLength(bytes) {
  const isPartOf = (/** @type {Buffer} */ signature) => {
    const both = Math.min(bytes.length, signature.length);
    return bytes.subarray(0, both).equals(signature.subarray(0, both));
  };
  if (isPartOf(V2_SIGNATURE)) {
    if (bytes.length < V2_FIXED_BYTES) return Infinity;
    const length = V2_FIXED_BYTES + bytes.readUInt16BE(V2_FIXED_BYTES - 2);
    if (length > V2_MAX_BYTES) throw new ProxyProtocolFault('a header of the PROXY protocol that is too long');
    return length;
  }
  if (!isPartOf(V1_SIGNATURE)) throw new ProxyProtocolFault('no header of the PROXY protocol');
  const end = bytes.subarray(0, V1_BYTES).indexOf('\r\n');
  if (end < 0 && bytes.length >= V1_BYTES) throw new ProxyProtocolFault('a header of the PROXY protocol that is too long');
  return end < 0 ? Infinity : end + 2;
}

/** @param {Buffer} header @returns {Client} @throws {ProxyProtocolFault} */
function clientOf(header) {
  try {
    return header[0] === V2_SIGNATURE[0] ? clientOfVersion2(header) : clientOfVersion1(header);
  } catch (error) {
    if (error instanceof ProxyProtocolFault) throw error;
    throw new ProxyProtocolFault('a malformed header of the PROXY protocol');
  }
}

/** @param {Buffer} header @returns {Client} */
function clientOfVersion1(header) {
  // Of an unknown client, what follows says nothing (section 2.1).
  if (/^PROXY UNKNOWN[ \r]/u.test(header.toString('latin1'))) return {};
  const { inetProtocol, source, destination } = V1BinaryProxyProtocol.parse(header);
  const family = inetProtocol === 'TCP6' ? 6 : 4;
  const areRight = [source, destination].every(({ ipAddress, port }) => isIP(ipAddress) === family && port <= 65_535);
  if (!areRight) throw new ProxyProtocolFault('a malformed header of the PROXY protocol');
  return { address: plainAddress(source.ipAddress) };
}

/** @param {Buffer} header @returns {Client} */
function clientOfVersion2(header) {
  const { command, transportProtocol, proxyAddress, data } = V2ProxyProtocol.parse(header);
  // A check of its health (section 2.2).
  if (command === Command.LOCAL) return {};
  const vpcEndpointId = vpcEndpointIdOf(Buffer.from(data ?? []));
  if (transportProtocol === TransportProtocol.UNSPEC) return { vpcEndpointId };
  if (transportProtocol !== TransportProtocol.STREAM) throw new ProxyProtocolFault('another protocol than TCP');
  if (proxyAddress instanceof IPv4ProxyAddress) {
    return { address: proxyAddress.sourceAddress.address.join('.'), vpcEndpointId };
  }
  if (proxyAddress instanceof IPv6ProxyAddress) return { address: ipv6Text(proxyAddress.sourceAddress.address), vpcEndpointId };
  throw new ProxyProtocolFault('another family of addresses than IPv4 and IPv6');
}

/** @param {Buffer} extensions type, length in two bytes, value @returns {string | undefined} */
function vpcEndpointIdOf(extensions) {
  for (let at = 0; at + 3 <= extensions.length; ) {
    const length = extensions.readUInt16BE(at + 1);
    const value = extensions.subarray(at + 3, at + 3 + length);
    if (value.length !== length) throw new ProxyProtocolFault('a malformed extension of the PROXY protocol');
    if (extensions[at] === AWS_EXTENSION && value[0] === VPC_ENDPOINT_ID) return endpointId(value.subarray(1));
    at += 3 + length;
  }
  return undefined;
}

/** @param {Buffer} value @returns {string | undefined} */
function endpointId(value) {
  const text = value.toString('latin1');
  return /^vpce-[0-9a-f]{8,32}$/u.test(text) ? text : undefined;
}
