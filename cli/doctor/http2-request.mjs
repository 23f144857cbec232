// Sends a request over HTTP/2 whose body has no length: only the end of the stream ends it.

import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

import { errorText } from '../error-text.mjs';

/** @typedef {import('./raw-request.mjs').Address} Address */
/** @typedef {import('./raw-request.mjs').Answer} Answer */

const SILENCE_MILLISECONDS = 60_000;

/** The time that sent bytes get to arrive before the connection is closed, in milliseconds. */
const CUT_MILLISECONDS = 500;

/**
 * @param {Address} address
 * @param {{ method: string, target: string, host: string,
 *   headers: readonly (readonly [name: string, value: string])[], body: Buffer, cut?: number }} request `cut` how many
 *   of the body's bytes are never sent, as the connection ends before
 * @returns {Promise<Answer>}
 */
export function sendHttp2({ protocol, hostname, port, servername }, { method, target, host, headers, body, cut }) {
  return new Promise((resolve) => {
    const socket =
      protocol === 'https:'
        ? tls.connect({ host: hostname, port, servername, ALPNProtocols: ['h2'] })
        : net.connect({ host: hostname, port });
    const session = http2.connect(`${protocol}//${hostname}:${port}`, { createConnection: () => socket });
    const end = (/** @type {Answer} */ answer) => {
      session.destroy();
      resolve(answer);
    };
    const failed = (/** @type {string} */ fault) => end({ status: 0, headers: {}, body: Buffer.alloc(0), fault });
    session.on('error', (error) => failed(errorText(error)));
    const stream = session.request({
      ':method': method,
      ':path': target,
      ':scheme': protocol.slice(0, -1),
      ':authority': host,
      ...Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    });
    stream.setTimeout(SILENCE_MILLISECONDS, () => failed('no answer in 60 s'));
    stream.on('error', (error) => failed(errorText(error)));
    stream.on('response', ({ ':status': status = 0, ...answered }) => {
      /** @type {Buffer[]} */
      const received = [];
      stream.on('data', (bytes) => received.push(bytes));
      stream.on('end', () =>
        end({ status, headers: /** @type {Record<string, string>} */ (answered), body: Buffer.concat(received) }),
      );
    });
    if (cut === undefined) stream.end(body);
    else {
      stream.write(body.subarray(0, body.length - cut), () =>
        // Node would end the stream properly before it resets it.
        setTimeout(() => {
          socket.destroy();
          failed('cut');
        }, CUT_MILLISECONDS),
      );
    }
  });
}
