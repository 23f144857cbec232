// A TCP proxy before the gateway that breaks off, as a bad connection does.

import { once } from 'node:events';
import net from 'node:net';

export class BreakingProxy {
  #server;
  #sockets = new Set();
  #breaksAt;
  #broken = false;

  /** Ends every connection when a client sends `breaksAt`, and every later one at once, until it is mended. */
  static async start(targetPort, breaksAt) {
    const proxy = new BreakingProxy();
    proxy.#breaksAt = breaksAt;
    proxy.#server = net.createServer((client) => proxy.#connect(client, targetPort)).listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port() {
    return this.#server.address().port;
  }

  mend() {
    this.#broken = false;
    this.#breaksAt = undefined;
  }

  async close() {
    this.#endAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #connect(client, targetPort) {
    if (this.#broken) {
      client.destroy();
      return;
    }
    const gateway = net.connect(targetPort, '127.0.0.1');
    this.#endTogether(client, gateway);
    this.#endTogether(gateway, client);
    gateway.pipe(client);
    client.on('data', (bytes) => {
      if (this.#breaksAt === undefined || !bytes.includes(this.#breaksAt)) {
        gateway.write(bytes);
        return;
      }
      this.#broken = true;
      this.#endAll();
    });
  }

  #endTogether(socket, other) {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      other.destroy();
    });
  }

  #endAll() {
    for (const socket of this.#sockets) socket.destroy();
  }
}
