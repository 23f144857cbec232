/**
 * Connections whose bodies are read by Content-Length alone, for the framing `trust-length`: chunk sizes become
 * content.
 *
 * The first request of a connection reaches node under another name for Transfer-Encoding. What follows its body is
 * discarded.
 */
import { Duplex, Transform } from 'node:stream';

/**
 * Lets a server read each connection in this way.
 *
 * @param {import('node:http').Server} server
 */
export function trustLengths(server) {
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    const seen = Duplex.from({ readable: socket.pipe(new OneRequest()), writable: socket });
    seen.on('error', () => socket.destroy());
    for (const listener of listeners) listener.call(server, seen);
  });
}

/**
 * The header lines as the viewer sent them.
 *
 * @param {readonly string[]} rawHeaders names and values in turn
 */
export function withTransferEncoding(rawHeaders) {
  return rawHeaders.map((part, at) => (at % 2 === 0 && part === UNREAD ? 'Transfer-Encoding' : part));
}

/** The head, with another name for Transfer-Encoding, and as much as Content-Length says. */
class OneRequest extends Transform {
  #head = Buffer.alloc(0);
  #left = 0;
  #inBody = false;

  /**
   * @override
   * @param {Buffer} chunk
   * @param {BufferEncoding} _encoding
   * @param {import('node:stream').TransformCallback} callback
   */
  _transform(chunk, _encoding, callback) {
    if (this.#inBody) return callback(null, this.#counted(chunk));
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return callback(null);
    const head = this.#head.subarray(0, end + 4).toString('latin1');
    const [, length] = /^content-length:[ \t]*(\d+)[ \t]*\r$/im.exec(head) ?? [];
    this.#inBody = true;
    this.#left = Number(length ?? Infinity);
    if (length === undefined) return callback(null, this.#head);
    const renamed = Buffer.from(head.replace(/^transfer-encoding(?=:)/im, UNREAD), 'latin1');
    callback(null, Buffer.concat([renamed, this.#counted(this.#head.subarray(end + 4))]));
  }

  /** @param {Buffer} chunk */
  #counted(chunk) {
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.length;
    return part;
  }
}

const UNREAD = 'X-Unread-Transfer-Encoding';
