// Sends an HTTP/1.1 request byte for byte as a device would, with what HTTP clients refuse to send: repeated headers,
// raw UTF-8, and two framings.

import net from 'node:net';
import tls from 'node:tls';

import { errorText } from '../error-text.mjs';

/**
 * @typedef {object} Answer
 * @property {number} status 0 where the connection ended without one
 * @property {Record<string, string>} headers lower-case names; the last of each
 * @property {Buffer} body
 * @property {string} [fault] why there is none
 *
 * @typedef {{ protocol: string, hostname: string, port: number, servername: string }} Address
 */

const SILENCE_MILLISECONDS = 60_000;

/** The time that sent bytes get to arrive before the connection is closed, in milliseconds. */
const CUT_MILLISECONDS = 500;

/**
 * @param {Address} address
 * @param {{ method: string, target: string, headers: readonly (readonly [name: string, value: string])[],
 *   body?: Buffer, cut?: number }} request `body` as it goes over the wire, with its framing; `cut` how many of its
 *   bytes never do, as the connection ends before
 * @returns {Promise<Answer>}
 */
export function sendRaw(
  { protocol, hostname, port, servername },
  { method, target, headers, body = Buffer.alloc(0), cut },
) {
  return new Promise((resolve) => {
    const socket =
      protocol === 'https:'
        ? tls.connect({ host: hostname, port, servername, ALPNProtocols: ['http/1.1'] })
        : net.connect({ host: hostname, port });
    /** @type {Buffer[]} */
    const received = [];
    const end = (/** @type {string} */ fault) => {
      socket.destroy();
      resolve(answerOf(Buffer.concat(received), fault));
    };
    socket.setTimeout(SILENCE_MILLISECONDS, () => end('no answer in 60 s'));
    socket.on('data', (bytes) => {
      received.push(bytes);
      if (isComplete(Buffer.concat(received))) end('');
    });
    socket.on('error', (error) => end(errorText(error)));
    socket.on('close', () => end('the connection was closed'));
    const lines = [
      `${method} ${target} HTTP/1.1`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      'Connection: close',
      '',
      '',
    ];
    const head = Buffer.from(lines.join('\r\n'));
    if (cut === undefined) socket.write(Buffer.concat([head, body]));
    else {
      socket.write(Buffer.concat([head, body.subarray(0, body.length - cut)]), () =>
        setTimeout(() => end('cut'), CUT_MILLISECONDS),
      );
    }
  });
}

/** A body in chunks, of one or none. @param {Buffer} content */
export function inChunks(content) {
  const chunk =
    content.length === 0 ? [] : [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')];
  return Buffer.concat([...chunk, Buffer.from('0\r\n\r\n')]);
}

/** @param {Buffer} bytes @param {string} fault @returns {Answer} */
function answerOf(bytes, fault) {
  const { head, rest } = finalAnswer(bytes);
  const [, status] = /^HTTP\/1\.[01] (\d{3})/u.exec(head) ?? [];
  if (status === undefined) return { status: 0, headers: {}, body: Buffer.alloc(0), fault };
  const headers = Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => /^([^:]+):\s*(.*)$/u.exec(line) ?? [])
      .map(([, name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { status: Number(status), headers, body: headers['transfer-encoding'] === 'chunked' ? unchunked(rest) : rest };
}

/** Without 100 Continue. @param {Buffer} bytes @returns {{ head: string, rest: Buffer }} */
function finalAnswer(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  const head = bytes.subarray(0, Math.max(end, 0)).toString();
  const rest = bytes.subarray(end + 4);
  return /^HTTP\/1\.1 1\d\d/u.test(head) ? finalAnswer(rest) : { head, rest };
}

/** @param {Buffer} bytes */
function isComplete(bytes) {
  const { head, rest } = finalAnswer(bytes);
  if (head === '') return false;
  const length = /^content-length: *(\d+)/imu.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length);
  return /^transfer-encoding: *chunked/imu.test(head) ? rest.includes('0\r\n\r\n') : false;
}

/** @param {Buffer} bytes */
function unchunked(bytes) {
  const chunks = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.subarray(at, end).toString(), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
