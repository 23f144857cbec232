// The server of a relay that is the entrance: who ends TLS, and who says what a client's address is.

import http from 'node:http';
import https from 'node:https';

import { followCertificate, readCertificate } from './certificate.mjs';
import { forwardedFor, plainAddress, trustedProxies } from './client-address.mjs';
import { readProxyHeader } from './proxy-protocol.mjs';

/** How often the certificate's files are read, in milliseconds. */
const CERTIFICATE_MILLISECONDS = 60_000;

/**
 * @typedef {import('./client-address.mjs').Listener} Listener
 * @typedef {import('./client-address.mjs').Peer} Peer
 * @typedef {{ address: string, vpcEndpointId?: string, fault?: string }} Client `fault` is why the address can't be known
 *
 * @typedef {object} Options
 * @property {Listener} listener
 * @property {number} headersSeconds for what comes before a request
 * @property {http.ServerOptions} serverOptions
 * @property {number} [certificateMilliseconds]
 * @property {(event: { event?: string, clientIp?: string, detail: string }) => void} refused is told of connections, and of
 *   a certificate that can't be used
 */

/**
 * @param {Options} options
 * @returns {{ server: http.Server, clientOf: (message: http.IncomingMessage) => Client,
 *   addressOf: (socket: Peer) => string }} `addressOf` a connection on which there is no request
 * @throws {Error} when the certificate can't be used
 */
export function createListener(options) {
  const { listener, serverOptions } = options;
  const { clientAddress = 'socket', trustedHops } = listener;
  const isTrusted = trustedProxies(listener.trustedProxies);
  const server = listener.tls === undefined ? http.createServer(serverOptions) : tlsServer(listener.tls, options);
  if (clientAddress === 'proxy-protocol') {
    const clientOf = expectProxyHeaders(server, isTrusted, options);
    return { server, clientOf: ({ socket }) => clientOf(socket), addressOf: (socket) => clientOf(socket).address };
  }
  const addressOf = peerOf;
  if (clientAddress === 'socket') return { server, clientOf: ({ socket }) => ({ address: peerOf(socket) }), addressOf };
  return {
    server,
    addressOf,
    clientOf({ socket, headersDistinct }) {
      const peer = peerOf(socket);
      if (!isTrusted(peer)) return { address: peer, fault: notTrusted(peer) };
      const address = forwardedFor(headersDistinct['x-forwarded-for'], trustedHops);
      const fault = `X-Forwarded-For has no address at \`trustedHops\` ${trustedHops ?? 1} from its end`;
      return address === undefined ? { address: peer, fault } : { address };
    },
  };
}

/** @param {NonNullable<Listener['tls']>} files @param {Options} options */
function tlsServer(files, { serverOptions, headersSeconds, certificateMilliseconds, refused }) {
  const pair = readCertificate(files);
  const server = https.createServer({ ...serverOptions, ...pair, handshakeTimeout: headersSeconds * 1000 });
  // Node's own listener would have the HTTP server answer. An answer waits for the handshake, and the connection with it.
  server.removeAllListeners('tlsClientError');
  server.on('tlsClientError', (error, socket) => {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    // A client that leaves has no fault: so do checks whether the port is open.
    if (code !== 'ECONNRESET') refused({ clientIp: peerOf(socket), detail: `no TLS connection (${code})` });
    socket.destroy();
  });
  followCertificate(server, files, pair, {
    milliseconds: certificateMilliseconds ?? CERTIFICATE_MILLISECONDS,
    failed: (detail) => refused({ event: 'certificate', detail }),
  });
  return server;
}

/**
 * Has the server take a connection only after its header was read, and only from those who may send one.
 *
 * @param {http.Server} server @param {(address: string) => boolean} isTrusted @param {Options} options
 * @returns {(socket: Peer) => Client}
 */
function expectProxyHeaders(server, isTrusted, { headersSeconds, refused }) {
  /** By the other end of the connection, which is the same below TLS. @type {Map<string, Client>} */
  const clients = new Map();
  const accept = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', async (/** @type {import('node:net').Socket} */ socket) => {
    // What comes later is the server's to handle.
    socket.on('error', () => {});
    const peer = peerOf(socket);
    try {
      if (peer === '') throw new Error('closed before its address was known');
      if (!isTrusted(peer)) throw new Error(notTrusted(peer));
      const { address = peer, vpcEndpointId } = await readProxyHeader(socket, headersSeconds * 1000);
      remember(clients, socket, { address, vpcEndpointId });
      for (const listener of accept) listener.call(server, socket);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      refused({ clientIp: peer, detail });
      return void socket.destroy();
    }
    // TLS reads for itself.
    if (!(server instanceof https.Server)) socket.resume();
  });
  return (socket) => clients.get(nameOf(socket)) ?? { address: peerOf(socket), fault: 'no client is known' };
}

/** @param {Map<string, Client>} clients @param {import('node:net').Socket} socket @param {Client} client */
function remember(clients, socket, client) {
  const name = nameOf(socket);
  clients.set(name, client);
  socket.once('close', () => {
    if (clients.get(name) === client) clients.delete(name);
  });
}

/** @param {Peer} peer */
function nameOf({ remoteAddress, remotePort }) {
  return `${remoteAddress} ${remotePort}`;
}

/** @param {Peer} peer */
function peerOf({ remoteAddress }) {
  return plainAddress(remoteAddress);
}

/** @param {string} peer */
function notTrusted(peer) {
  return `${peer} isn't one of \`listener.trustedProxies\``;
}
