// Runs the relay as the entrance: clients send to it, and it sends to S3.

import { rawRequest } from '../js-shim/relay/raw-request.mjs';
import { readSettings } from '../js-shim/relay/settings.mjs';

/**
 * @typedef {import('./serve.mjs').LogEntry} LogEntry
 * @typedef {import('./serve.mjs').LogLine} LogLine
 *
 * @typedef {object} Options
 * @property {{ create: (options: any) => any }} relay its bundled module
 * @property {{ log: (line: LogLine) => void, now: () => number }} functionOptions as every function gets them
 * @property {number} port
 * @property {{ takeOfDevice(ossRequestId: string): LogLine | undefined }} decisions
 * @property {import('./serve.mjs').RequestLog} log
 * @property {(request: import('aws-lambda').CloudFrontRequest, now: number) => string | undefined} [explain]
 */

/**
 * Starts the relay with plain HTTP. `listener` is ignored: the client's address is that of the connection.
 *
 * @param {Options} options
 * @returns {Promise<{ port: number, close(): Promise<void> }>}
 */
export async function startEntrance({ relay, functionOptions, port, decisions, log, explain }) {
  const settings = { ...readSettings({}), port };
  const server = relay.create({ ...functionOptions, log: logged, entrance: {}, settings });
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.server.prependListener(event, observe);
  return { port: await server.listen('127.0.0.1'), close: () => server.stop() };

  /** @param {LogLine} line */
  function logged(line) {
    functionOptions.log(line);
    if (line.decision === undefined || line.method !== undefined) return;
    // A connection without a readable request.
    const id = String(line.ossRequestId);
    const entry = { requestId: id, method: '-', uri: '-', status: Number(line.status), bytes: 0, milliseconds: 0 };
    log({ ...entry, origin: null }, decisions.takeOfDevice(id));
  }

  /** @param {import('node:http').IncomingMessage} message @param {import('node:http').ServerResponse} response */
  function observe(message, response) {
    const began = performance.now();
    response.once('close', () => {
      const { method = '', url = '', headers } = message;
      const requestId = String(response.getHeader('x-oss-request-id') ?? '');
      const decision = decisions.takeOfDevice(requestId);
      /** @type {LogEntry} */
      const entry = {
        requestId,
        method,
        // Without the query: it may contain a signature that is still valid.
        uri: url.split('?', 1)[0],
        userAgent: String(headers['x-oss-user-agent'] ?? headers['user-agent'] ?? '') || undefined,
        status: response.headersSent ? response.statusCode : 0,
        origin: decision?.decision === 'forward' ? 'relay' : null,
        bytes: Number(decision?.bytes ?? 0),
        milliseconds: Math.round(performance.now() - began),
      };
      const isRefused = explain !== undefined && decision?.decision === 'deny';
      const hypothesis = isRefused ? explain(rawRequest(message, ''), functionOptions.now()) : undefined;
      log(entry, hypothesis === undefined ? decision : { ...decision, hypothesis });
    });
  }
}
