// Checks of the way to the API or the relay, and of uploads in parts.

import { createHash } from 'node:crypto';

import { FILE_NAME, NO_PARTS, hasFileName, hasParts } from './checks.mjs';
import { HELLO, onePart } from './device.mjs';
import { fails, holds, ofStored, shown, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Check} Check */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('./finding.mjs').Patient} Patient */
/** @typedef {import('./raw-request.mjs').Answer} Answer */
/** @typedef {[name: string, value: string]} Header */

/** As much as S3 takes, name and value together. @type {Header} */
const METADATA = ['x-oss-meta-a', 'a'.repeat(2040)];

/** The longest key, in bytes. */
const KEY_BYTES = 1023;

/** @type {readonly Check[]} */
export const API_CHECKS = [
  {
    id: 'A20',
    what: 'origin-request can replace the S3 origin',
    follows: 'operations of the API or the relay get 403 or 502: js-shim/edge/origin-request.mjs',
    run: async (patient) => begun(patient, {}),
  },
  {
    id: 'A60',
    what: "the distribution's header and the API or the relay have the same secret",
    follows: 'operations of the API or the relay get 403: deploy/templates/secrets.mjs',
    run: async (patient) => begun(patient, {}),
  },
  {
    id: 'A17',
    what: "S3's upload ids can be sealed",
    follows: 'no upload in parts begins: src/upload_id.rs',
    run: async (patient) => {
      for (let count = 0; count < IDS; count += 1) {
        const finding = await begun(patient, {});
        if (finding.verdict !== 'holds') return finding;
      }
      return holds(`${IDS} uploads begin`);
    },
  },
  {
    id: 'A22',
    what: 'large requests reach the API or the relay',
    follows: 'long keys with much metadata get 400, 431 or 403: the bound in src/route/hand_over.rs',
    run: async (patient) => begun(patient, { key: longKey(patient), headers: [METADATA] }),
  },
  {
    id: 'A23',
    what: "the authorizer's result may be nearly 8 KB",
    follows: 'large requests get 500: the bound of 3 KB in src/route/hand_over.rs',
    run: async (patient) => {
      const headers = /** @type {Header[]} */ ([
        METADATA,
        ['Content-Disposition', `attachment; filename="${'b'.repeat(600)}"`],
      ]);
      return begun(patient, { key: longKey(patient), headers });
    },
  },
  {
    id: 'A24',
    what: 'a POST in chunks is taken',
    follows: 'the SDKs for C and Go begin no upload in parts: js-shim/edge/origin-request.mjs',
    run: async (patient) => begun(patient, { framing: 'chunks' }),
  },
  {
    id: 'A26',
    what: 'an upload in parts keeps a file name beyond ASCII',
    follows: 'such uploads get 403 or 500, or a garbled name: js-shim/api/api-operation.mjs',
    run: async (patient) => {
      if (!hasParts(patient.config)) return unknown(NO_PARTS);
      const { answer } = await uploaded(patient.device, 'named', [['Content-Disposition', FILE_NAME]]);
      return ofStored(patient, 'named', answer, hasFileName);
    },
  },
  {
    id: 'A45',
    what: 'an ended upload is gone at once, and its ETag is that of its parts',
    follows: 'a repetition gets NoSuchUpload for an upload that succeeded: js-shim/operations/ended-upload.mjs',
    run: async ({ device, config }) => {
      if (!hasParts(config)) return unknown(NO_PARTS);
      const { answer, id } = await uploaded(device, 'ended', []);
      if (answer.status !== 200) return fails(shown(answer));
      const listed = await device.ask({ method: 'GET', key: 'ended', query: `uploadId=${id}` });
      if (listed.status !== 404) return fails(`ListParts of it: ${shown(listed)}`);
      const etag = /<ETag>(?:&quot;|&#34;|")?([^<&"]+)/u.exec(answer.body.toString())?.[1];
      return etag?.toLowerCase() === etagOfOne(HELLO)
        ? holds(`404 NoSuchUpload, and ${etag}`)
        : unknown(`the ETag is ${etag}, as where KMS encrypts`);
    },
  },
  {
    id: 'A42',
    what: 'HEAD tells an object, its size and its text',
    follows: 'HEAD answers 500 or another length: js-shim/operations/head-object.mjs, src/origin_response.rs',
    run: async ({ device, config }) => {
      if (config.headObject !== 'served') return unknown('`headObject` is not "served"');
      const headers = /** @type {Header[]} */ ([['x-oss-meta-place', '仓库']]);
      const put = await device.ask({ method: 'PUT', key: 'headed', headers, content: HELLO });
      if (put.status !== 200) return fails(shown(put));
      const answer = await device.ask({ method: 'HEAD', key: 'headed' });
      if (answer.status === 405) return unknown('405: give the access key a rule that names HeadObject');
      const { 'content-length': length, 'x-oss-meta-place': place = '' } = answer.headers;
      return answer.status === 200 && length === String(HELLO.length) && place === '仓库'
        ? holds(`${length} B, ${place}`)
        : fails(`${shown(answer)}, Content-Length ${length}, x-oss-meta-place ${place}`);
    },
  },
];

const IDS = 10;

/**
 * Begins an upload in parts, and aborts it.
 *
 * @param {Patient} patient
 * @param {{ key?: string, headers?: Header[], framing?: 'length' | 'chunks' }} how
 * @returns {Promise<Finding>}
 */
async function begun({ device, config }, { key = 'begun', headers, framing }) {
  if (!hasParts(config)) return unknown(NO_PARTS);
  const content = Buffer.alloc(0);
  const answer = await device.ask({ method: 'POST', key, query: 'uploads', headers, content, framing });
  const id = idOf(answer);
  if (id === undefined) return fails(`it does not begin: ${shown(answer)}`);
  await device.ask({ method: 'DELETE', key, query: `uploadId=${id}` });
  return holds(shown(answer));
}

/** @param {Patient['device']} device @param {string} key @param {Header[]} headers */
async function uploaded(device, key, headers) {
  const first = await device.ask({ method: 'POST', key, query: 'uploads', headers, content: Buffer.alloc(0) });
  const id = idOf(first);
  if (id === undefined) return { answer: first, id };
  const part = await device.ask({ method: 'PUT', key, query: `partNumber=1&uploadId=${id}`, content: HELLO });
  if (part.status !== 200) return { answer: part, id };
  const content = Buffer.from(onePart(part.headers.etag));
  return { answer: await device.ask({ method: 'POST', key, query: `uploadId=${id}`, content }), id };
}

/** @param {Answer} answer */
export function idOf({ body }) {
  return /<UploadId>([^<]+)/u.exec(body.toString())?.[1];
}

/** @param {Patient} patient */
function longKey({ device }) {
  return 'k'.repeat(KEY_BYTES - Buffer.byteLength(device.keyOf('')));
}

/** Of an object of one part. @param {Buffer} content */
function etagOfOne(content) {
  const of = (/** @type {Buffer} */ bytes) => createHash('md5').update(bytes);
  return `${of(of(content).digest()).digest('hex')}-1`;
}
