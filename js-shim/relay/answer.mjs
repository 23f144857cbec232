// How the relay answers, and what becomes of a body that isn't read.

import { once } from 'node:events';

/**
 * How long the rest of a refused request is read, in milliseconds: many clients read no answer before they sent it. No
 * longer is waited until a client takes the answer to what is no request.
 */
const LINGER_MILLISECONDS = 5000;

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {{ status: number, headers: import('../core/decision.mjs').HeaderList, body: string,
 *   objectBytes?: number }} answer
 * @param {{ waits?: boolean }} [client] whether it waits with the body until it is told to send it
 */
export async function sendAnswer(request, response, { status, headers, body, objectBytes }, { waits = false } = {}) {
  const bytes = Buffer.from(body);
  const length = request.method === 'HEAD' ? (objectBytes ?? bytes.length) : bytes.length;
  // Node writes a header's characters as bytes.
  const lines = headers.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
  // All requests of an operation have one URL, so a cache that was enabled by mistake must not store an answer.
  lines.push(['Cache-Control', 'no-store']);
  // RFC 9110 section 8.6.
  if (status !== 204) lines.push(['Content-Length', String(length)]);
  if (!request.complete) lines.push(['Connection', 'close']);
  for (const [name, value] of lines) response.appendHeader(name, value);
  response.writeHead(status);
  response.write(bytes);
  if (!request.complete && !waits) await readRest(request);
  response.end();
}

/**
 * Answers on a connection on which no request could be read.
 *
 * @param {import('node:net').Socket} socket @param {import('../core/decision.mjs').OssErrorAnswer} answer
 */
export function endUnreadable(socket, { status, statusDescription, headers, body }) {
  const lines = [...headers, ['Connection', 'close'], ['Content-Length', String(Buffer.byteLength(body))]];
  const head = [`HTTP/1.1 ${status} ${statusDescription}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  // Node has taken its listeners off a connection that asks for a tunnel: a client that is gone would end the process, and
  // one that reads nothing would keep its connection for ever.
  socket.on('error', () => {});
  const late = setTimeout(() => socket.destroy(), LINGER_MILLISECONDS);
  socket.once('close', () => clearTimeout(late));
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

/** Node would reset the connection of a client that is still sending, and it could not read the answer. */
async function readRest(/** @type {import('node:http').IncomingMessage} */ request) {
  const late = AbortSignal.timeout(LINGER_MILLISECONDS);
  request.on('error', () => {});
  // Where an iterator still waits for a chunk, `resume` alone has no effect once it is gone.
  request.on('data', () => {});
  request.resume();
  await once(request, 'close', { signal: late }).catch(() => request.destroy());
}
