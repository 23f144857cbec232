// How many requests of one connection may wait for their answers at once.

/**
 * SDKs, CloudFront and proxies send the next request once they have the answer. Node reads all requests that came together
 * before the first of them is answered, and keeps each until the client takes its answer.
 */
const MOST_UNANSWERED = 16;

export class Pipelining {
  /** By connection. @type {WeakMap<object, { requests: number }>} */
  #unanswered = new WeakMap();
  #refused;

  /** @param {(socket: import('node:net').Socket) => void} refused is told of a connection once, before it is closed */
  constructor(refused) {
    this.#refused = refused;
  }

  /**
   * Closes the connection where there are too many.
   *
   * @param {import('node:net').Socket} socket of a new request
   * @param {import('node:http').ServerResponse} [response] undefined where Node answers by itself
   * @returns {boolean} whether the request may be looked at
   */
  admits(socket, response) {
    // Node still tells of the requests that it read together with the one too many.
    if (socket.destroyed) return false;
    const unanswered = this.#unanswered.get(socket) ?? { requests: 0 };
    this.#unanswered.set(socket, unanswered);
    unanswered.requests += 1;
    if (unanswered.requests > MOST_UNANSWERED) {
      this.#refused(socket);
      socket.destroy();
      return false;
    }
    response?.once('close', () => (unanswered.requests -= 1));
    return true;
  }
}
