// Checks of the way to the relay: bodies that CloudFront sends on in chunks, and bodies that a client cuts off.

import { setTimeout as sleep } from 'node:timers/promises';

import { NO_S3, fails, hasBytes, holds, ofStored, shown, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('./finding.mjs').Patient} Patient */

const MIB = 1024 * 1024;
const NO_RELAY = 'no `relay` in the configuration';
const REFUSED = '`bodiesWithoutLength` is not "relay"';

/** How long to wait for a cut upload to be stored nevertheless. */
const SETTLE_MILLISECONDS = 3000;

/** The last chunk of a body, in bytes. */
const LAST_CHUNK = 5;

/** @type {readonly import('./finding.mjs').Check[]} */
export const RELAY_CHECKS = [
  {
    id: 'A38',
    what: 'bodies without a length reach the relay whole',
    follows: 'such uploads get 413, 502 or 504: run the relay as a container, `deployment.backend` "fargate"',
    run: async (patient) => {
      if (patient.config.bodiesWithoutLength !== 'relay') return unknown(REFUSED);
      for (const [at, bytes] of [1024, 10 * MIB].entries()) {
        const finding = await chunked(patient, `chunks-${at + 1}`, Buffer.alloc(bytes, 'a'));
        if (finding.verdict !== 'holds') return finding;
      }
      return holds('1 KiB and 10 MiB; larger and slower ones by hand');
    },
  },
  {
    id: 'A35',
    what: 'a body that a client cuts reaches the relay cut',
    follows: 'A PART OF AN OBJECT IS STORED: set `bodiesWithoutLength` to "refuse"',
    run: async (patient) => {
      const { config, stored, device } = patient;
      if (config.bodiesWithoutLength !== 'relay') return unknown(REFUSED);
      if (stored === undefined) return unknown(NO_S3);
      const content = Buffer.alloc(6 * MIB, 'a');
      const cuts = /** @type {const} */ ([
        ['cut-within', MIB],
        ['cut-between', LAST_CHUNK],
      ]);
      for (const [key, cut] of cuts) await device.ask({ method: 'PUT', key, content, framing: 'chunks', cut });
      await sleep(SETTLE_MILLISECONDS);
      for (const [key] of cuts) {
        if ((await stored(device.keyOf(key))) !== undefined) return fails(`${key}: a part of it is stored`);
      }
      return holds('of two connections that end nothing is stored; a network that drops everything by hand');
    },
  },
  {
    id: 'A37',
    what: 'bodies without a length over HTTP/2 reach the relay, and cut ones cut',
    follows: 'A PART OF AN OBJECT MAY BE STORED: turn HTTP/2 off, or set `bodiesWithoutLength` to "refuse"',
    run: async (patient) => {
      const { config, device, stored } = patient;
      if (config.bodiesWithoutLength !== 'relay') return unknown(REFUSED);
      if (!device.hasTls) return unknown('without TLS, as with `serve`, there is no HTTP/2');
      const whole = await chunked(patient, 'stream', Buffer.alloc(MIB, 'a'), 'stream');
      if (whole.verdict !== 'holds') return whole;
      const content = Buffer.alloc(6 * MIB, 'a');
      await device.ask({ method: 'PUT', key: 'stream-cut', content, framing: 'stream', cut: MIB });
      await sleep(SETTLE_MILLISECONDS);
      return (await stored?.(device.keyOf('stream-cut'))) === undefined
        ? holds('1 MiB; of a connection that ends nothing is stored')
        : fails('a part of a body that was cut is stored');
    },
  },
  {
    id: 'A36',
    what: 'a body with chunks and a wrong length is refused, or stored as its chunks say',
    follows: 'OBJECTS ARE DAMAGED where a client says a wrong length: leave RELAY_BOTH_FRAMINGS at "refuse"',
    run: async ({ device, stored, config }) => {
      if (config.relay === undefined) return unknown(NO_RELAY);
      const content = Buffer.alloc(4096, 'a');
      const found = [];
      const lengths = /** @type {const} */ ([
        ['too-short', 4000],
        ['too-long', 5000],
      ]);
      for (const [key, declared] of lengths) {
        // A hop may wait for the rest, which never comes.
        const cut = declared > content.length ? 0 : undefined;
        const answer = await device.ask({ method: 'PUT', key, content, declared, framing: 'both', cut });
        const object = await stored?.(device.keyOf(key));
        if (answer.status === 200 && object === undefined) return unknown(`${key}: 200; ${NO_S3}`);
        // A hop that follows the chunks alone stores what the client meant.
        if (object !== undefined && !object.body.equals(content)) {
          return fails(`${key}: ${shown(answer)}, and OTHER BYTES`);
        }
        found.push(`${key}: ${shown(answer)}`);
      }
      return holds(found.join(', '));
    },
  },
];

/**
 * @param {Patient} patient @param {string} key @param {Buffer} content @param {'chunks' | 'stream'} [framing]
 * @returns {Promise<Finding>}
 */
async function chunked(patient, key, content, framing = 'chunks') {
  const answer = await patient.device.ask({ method: 'PUT', key, content, framing });
  if (answer.status !== 200) return fails(`${content.length} B: ${shown(answer)}`);
  return ofStored(patient, key, answer, hasBytes(content));
}
