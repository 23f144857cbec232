// The secrets of the seals: secrets.json, and its rotation.

import { randomBytes } from 'node:crypto';

/**
 * @typedef {{ number: number, secret: string }} Secret
 * @typedef {{ secrets: Secret[] }} Secrets the first one seals, and all of them verify
 */

/** @returns {Secrets} one new random secret */
export function newSecrets() {
  return { secrets: [newSecret(1)] };
}

/**
 * The next step of a rotation: add a secret, let it seal, remove the others. Every function must be deployed between
 * two steps, so that none gets a seal of a secret that it doesn't have.
 *
 * @param {Secrets} secrets checked
 * @returns {{ secrets: Secrets, done: string }} what was done and what comes next, as sentences
 */
export function rotated({ secrets }) {
  const [first, ...others] = secrets;
  const next = others.find(({ number }) => number > first.number);
  if (next !== undefined) {
    return {
      secrets: { secrets: [next, ...secrets.filter((one) => one !== next)] },
      done:
        `secret ${next.number} seals, and ${first.number} verifies what it sealed. ${DEPLOY}, ` +
        'and after 7 days rotate again',
    };
  }
  if (others.length > 0) {
    const removed = others.map(({ number }) => number).join(', ');
    return { secrets: { secrets: [first] }, done: `secret ${removed} was removed. ${DEPLOY}` };
  }
  const added = newSecret(first.number + 1);
  return {
    secrets: { secrets: [first, added] },
    done: `secret ${added.number} was added and verifies; ${first.number} still seals. ${DEPLOY}, then rotate again`,
  };
}

const DEPLOY = 'Bundle with this file and deploy every function';

/** @param {number} number @returns {Secret} */
function newSecret(number) {
  return { number, secret: randomBytes(32).toString('base64url') };
}
