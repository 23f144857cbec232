// What is sent to a relay and comes back, in bytes.

import { once } from 'node:events';
import net from 'node:net';

/** A body in chunks of at most `size` bytes, as C's, C++'s, C#'s and Ruby's HTTP clients frame it. */
export function chunked(body, size = 16_384) {
  const pieces = [];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

/**
 * What comes back for bytes that are written to a new connection, and whether they could all be sent; `end` closes the
 * client's half after them.
 */
export async function exchange(port, pieces, { end = false } = {}) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  const received = [];
  socket.on('data', (data) => received.push(data));
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of [pieces].flat()) if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
  if (end) socket.end();
  await answered(socket, received);
  const wasRead = !socket.closed || socket.writableLength === 0;
  socket.destroy();
  return { ...parsed(Buffer.concat(received).toString('latin1')), wasRead };
}

/** Resolves when a whole answer is there, or the connection is closed. */
async function answered(socket, received) {
  const isWhole = () => {
    const [answerHead, body = ''] = withoutContinue(Buffer.concat(received).toString('latin1')).split('\r\n\r\n');
    const length = /content-length: (\d+)/iu.exec(answerHead)?.[1];
    return length !== undefined && body.length >= Number(length);
  };
  while (!socket.closed && !isWhole()) await Promise.race([once(socket, 'data'), once(socket, 'close')]);
}

/** What comes before the answer where the request expects it. */
function withoutContinue(text) {
  return text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/u, '');
}

/** @param {string} text of one answer */
export function parsed(text) {
  const [answerHead, ...rest] = withoutContinue(text).split('\r\n\r\n');
  const [line, ...lines] = answerHead.split('\r\n');
  const headers = Object.fromEntries(lines.map((one) => [one.slice(0, one.indexOf(':')), one.slice(one.indexOf(':') + 2)]));
  const body = rest.join('\r\n\r\n');
  return { status: Number(line.split(' ')[1] ?? 0), headers, body, code: /<Code>([^<]*)/u.exec(body)?.[1] };
}
