// Checks of small parts, if the configuration stages them.

import { idOf } from './api-checks.mjs';
import { listOfParts } from './device.mjs';
import { expected, fails, hasBytes, ofStored, shown, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('./finding.mjs').Patient} Patient */

const MIB = 1024 * 1024;
const NOT_STAGED = '`smallParts` is not "stage"';

/** @type {readonly import('./finding.mjs').Check[]} */
export const PART_CHECKS = [
  {
    id: 'A43',
    what: 'staged parts are stored, and joined into the object',
    follows: 'uploads with small parts fail when they are completed: js-shim/operations/',
    run: async (patient) => joined(patient, 'staged', [MIB, MIB, MIB, 10]),
  },
  {
    id: 'A44',
    what: 'a small last part is copied, and one without a byte is taken',
    follows: 'such uploads fail when they are completed: js-shim/operations/join-plan.mjs',
    run: async (patient) => {
      const tail = await joined(patient, 'staged-tail', [5 * MIB, 1]);
      if (tail.verdict === 'fails' || tail.verdict === 'unknown') return tail;
      return joined(patient, 'staged-empty', [0]);
    },
  },
];

/** @param {Patient} patient @param {string} key @param {number[]} sizes of the parts @returns {Promise<Finding>} */
async function joined(patient, key, sizes) {
  const { device, config } = patient;
  if (config.smallParts !== 'stage') return unknown(NOT_STAGED);
  const contents = sizes.map((bytes, at) => Buffer.alloc(bytes, at + 1));
  const begun = await device.ask({ method: 'POST', key, query: 'uploads', content: Buffer.alloc(0) });
  const id = idOf(begun);
  if (id === undefined) return fails(`it does not begin: ${shown(begun)}`);
  const etags = [];
  for (const [at, content] of contents.entries()) {
    const part = await device.ask({ method: 'PUT', key, query: `partNumber=${at + 1}&uploadId=${id}`, content });
    if (part.status !== 200) return fails(`part ${at + 1}: ${shown(part)}`);
    etags.push(part.headers.etag);
  }
  const content = Buffer.from(listOfParts(etags));
  const ended = await device.ask({ method: 'POST', key, query: `uploadId=${id}`, content });
  if (ended.status !== 200) return expected(ended, 200);
  return ofStored(patient, key, ended, hasBytes(Buffer.concat(contents)));
}
