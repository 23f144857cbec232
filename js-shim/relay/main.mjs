// The relay as a process: a Lambda web function, a container, or a program.

import { LOG_VERSION, writeLogLine } from '../log.mjs';

/**
 * Serves until SIGTERM or SIGINT, then finishes what is under way.
 *
 * @param {() => Pick<ReturnType<typeof import('./relay.mjs').createRelay>, 'listen' | 'stop'>} create throws when the
 *   environment isn't as it should be
 */
export async function runRelay(create) {
  try {
    const relay = create();
    writeEvent('listening', { port: await relay.listen() });
    writeEvent('stopping', { detail: await stopSignal() });
    await relay.stop();
    writeEvent('stopped');
  } catch (error) {
    writeEvent('failed', { detail: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
}

/** @returns {Promise<string>} its name */
function stopSignal() {
  return new Promise((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => resolve(name));
  });
}

/** @param {string} event @param {import('../log.mjs').LogLine} [fields] */
function writeEvent(event, fields) {
  writeLogLine({ log: LOG_VERSION, time: new Date().toISOString(), function: 'relay', event, ...fields });
}
