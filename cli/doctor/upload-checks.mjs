// Checks with an upload in one request.

import { FILE_NAME } from './checks.mjs';
import { HELLO, md5 } from './device.mjs';
import { codeOf, expected, fails, holds, ofStored, shown, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Check} Check */

/** What one function at origin-request doesn't rest on. @param {any} config */
const hasHandOver = ({ triggers }) => triggers !== 'origin-request';

/** Each is so if any upload succeeds. @type {readonly Omit<Check, 'run'>[]} */
const OF_ANY_UPLOAD = [
  {
    id: 'A6',
    what: 'a request that is another object is accepted',
    follows: 'every upload gets 502: js-shim/edge/cloudfront-event.mjs',
    applies: hasHandOver,
  },
  {
    id: 'A18',
    what: "S3 ignores the origin's custom header",
    follows: 'S3 refuses every upload: take the header off the origin',
  },
  {
    id: 'A21',
    what: "the origin's domain and custom header are in the event",
    follows: 'every upload gets 500: js-shim/edge/origin-request.mjs',
  },
  {
    id: 'A29',
    what: 'the functions start on nodejs22.x',
    follows: 'every request gets 502 or 503: cli/bundle.mjs',
  },
  {
    id: 'A40',
    what: 'viewer-request and origin-request see one request id',
    follows: 'every upload gets 500: leave the id out of the seal, src/hand_over_seal.rs',
    applies: hasHandOver,
  },
];

/** @type {readonly Check[]} */
export const UPLOAD_CHECKS = [
  ...OF_ANY_UPLOAD.map((check) => ({
    ...check,
    run: async (/** @type {import('./finding.mjs').Patient} */ { device }) =>
      expected(await device.ask({ method: 'PUT', key: 'plain', content: HELLO }), 200),
  })),
  {
    id: 'A41',
    what: 'what viewer-request sets arrives unchanged at origin-request',
    follows: 'such uploads get 500, and the log of origin-request names the header: src/hand_over_seal.rs',
    applies: hasHandOver,
    run: async ({ device }) => {
      const headers = /** @type {[string, string][]} */ ([
        ['Content-Disposition', FILE_NAME],
        ['Content-MD5', md5(HELLO)],
        ['x-oss-meta-a', '1'],
      ]);
      return expected(await device.ask({ method: 'PUT', key: 'a b+c', headers, content: HELLO }), 200);
    },
  },
  {
    id: 'A19',
    what: 'metadata beyond ASCII is stored as RFC 2047 writes it',
    follows: 'readers see encoded text: src/route/s3_headers.rs',
    run: async (patient) => {
      const headers = /** @type {[string, string][]} */ ([['x-oss-meta-a', '日']]);
      const answer = await patient.device.ask({ method: 'PUT', key: 'beyond-ascii', headers, content: HELLO });
      return ofStored(patient, 'beyond-ascii', answer, ({ metadata: { a } }) =>
        /^=\?UTF-8\?B\?5pel\?=$/iu.test(a ?? '') ? holds(a) : fails(`S3 has ${a}`),
      );
    },
  },
  {
    id: 'A28',
    what: "S3's errors pass origin-response",
    follows: "devices get S3's errors, as without origin-response: js-shim/edge/origin-response.mjs",
    applies: (config) => hasHandOver(config) || config.relay !== undefined,
    run: async ({ device }) => {
      const once = async () =>
        device.ask({ method: 'PUT', key: 'once', headers: [['x-oss-forbid-overwrite', 'true']], content: HELLO });
      await once();
      const answer = await once();
      return answer.headers['x-oss-request-id'] === undefined
        ? fails(`${shown(answer)}, without x-oss-request-id`)
        : expected(answer, 409, 'FileAlreadyExists');
    },
  },
  {
    id: 'A34',
    what: 'of uploads that may overwrite nothing, at once, one succeeds',
    follows: 'a device may get 503 and repeat, or an object may be overwritten: local/s3-conditions.mjs models it',
    applies: (config) => hasHandOver(config) || config.relay !== undefined,
    run: async ({ device }) => {
      const headers = /** @type {[string, string][]} */ ([['x-oss-forbid-overwrite', 'true']]);
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, async () =>
          device.ask({ method: 'PUT', key: 'no-overwrite', headers, content: HELLO }),
        ),
      );
      const stored = answers.filter(({ status }) => status === 200).length;
      const others = [...new Set(answers.filter(({ status }) => status !== 200).map(shown))].join(', ');
      const found = `${stored} of ${AT_ONCE} with 200, others ${others}`;
      if (stored > 1) return fails(found);
      return stored === 1 && answers.every((one) => one.status === 200 || codeOf(one) === 'FileAlreadyExists')
        ? holds(found)
        : unknown(found);
    },
  },
];

const AT_ONCE = 8;
