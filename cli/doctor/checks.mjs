// Checks of assumptions that a device's requests can test. The result is holds, fails or unknown.

import { HELLO, md5, onePart } from './device.mjs';
import { NO_S3, codeOf, expected, fails, hasBytes, holds, ofStored, shown, unknown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Check} Check */
/** @typedef {import('./finding.mjs').Finding} Finding */
/** @typedef {import('./finding.mjs').Patient} Patient */
/** @typedef {import('./raw-request.mjs').Answer} Answer */

/** Each is signed and sent as it stands. @type {[key: string, path: string][]} */
const EXOTIC_KEYS = [
  ['a%2Fb', 'a%252Fb'],
  ['a b+c', 'a%20b%2Bc'],
  ['a//b', 'a//b'],
  ["a*!'()~@", "a*!'()~@"],
  ['日.txt', '%E6%97%A5.txt'],
];

/** @type {readonly Check[]} */
export const CHECKS = [
  {
    id: 'A11',
    what: 'a PUT without a body hash is signed and stored',
    follows: 'no upload succeeds: look at the bucket policy, then at origin access control',
    run: async ({ device }) => expected(await device.ask({ method: 'PUT', key: 'plain', content: HELLO }), 200),
  },
  {
    id: 'A1',
    what: 'paths arrive as they were sent',
    follows: 'such keys get 403: js-shim/edge/cloudfront-event.mjs',
    run: async ({ device }) => {
      const refused = [];
      for (const [key, path] of EXOTIC_KEYS) {
        const answer = await device.ask({ method: 'PUT', key, path, content: HELLO });
        if (answer.status !== 200) refused.push(`${key}: ${shown(answer)}`);
      }
      return refused.length === 0 ? holds(`${EXOTIC_KEYS.length} keys`) : fails(refused.join('; '));
    },
  },
  {
    id: 'A12',
    what: 'keys go through unchanged',
    follows: 'objects under other keys: stop the deployment, and change src/route.rs',
    run: async ({ device, stored }) => {
      if (stored === undefined) return unknown(NO_S3);
      const missing = [];
      for (const [key] of EXOTIC_KEYS) if ((await stored(device.keyOf(key))) === undefined) missing.push(key);
      return missing.length === 0
        ? holds(`${EXOTIC_KEYS.length} keys`)
        : fails(`not in the bucket: ${missing.join(', ')}`);
    },
  },
  {
    id: 'A2',
    what: 'every header line arrives, in order',
    follows: 'repeated headers get SignatureDoesNotMatch: js-shim/edge/cloudfront-event.mjs',
    run: async ({ device }) =>
      expected(
        await device.ask({
          method: 'PUT',
          key: 'repeated',
          headers: [
            ['x-oss-meta-a', '1'],
            ['x-oss-meta-a', '2'],
          ],
          content: HELLO,
        }),
        400,
        'InvalidArgument',
      ),
  },
  {
    id: 'A3',
    what: 'header values beyond ASCII arrive as UTF-8',
    follows: 'devices that send such names are refused, or S3 has a garbled name: src/route/s3_headers.rs',
    run: async (patient) => {
      const headers = /** @type {[string, string][]} */ ([['Content-Disposition', FILE_NAME]]);
      const answer = await patient.device.ask({ method: 'PUT', key: 'disposition', headers, content: HELLO });
      return ofStored(patient, 'disposition', answer, hasFileName);
    },
  },
  {
    id: 'A4',
    what: 'Expect: 100-continue is answered or ignored',
    follows: 'devices that wait for it time out: the distribution, or the devices',
    run: async ({ device }) =>
      expected(
        await device.ask({ method: 'PUT', key: 'expect', headers: [['Expect', '100-continue']], content: HELLO }),
        200,
      ),
  },
  {
    id: 'A5',
    what: "the edge's clock is right",
    follows: 'devices get RequestTimeTooSkewed: raise maxClockSkewSeconds, or mend the clock of this machine',
    run: async ({ device }) => {
      const { headers } = await device.ask({ method: 'GET', key: 'clock' });
      const seconds = Math.round((Date.parse(headers.date ?? '') - Date.now()) / 1000);
      if (Number.isNaN(seconds)) return unknown('no Date in an answer');
      return Math.abs(seconds) <= 5
        ? holds(`${seconds} s from this machine's`)
        : unknown(`${seconds} s from this machine's, and either may be wrong`);
    },
  },
  {
    id: 'A7',
    what: 'a header that the edge leaves out is gone',
    follows: 'clients could set what S3 obeys: stop the deployment, and look at the origin request policy',
    run: async (patient) => {
      const headers = /** @type {[string, string][]} */ ([
        ['x-amz-meta-evil', '1'],
        ['x-amz-storage-class', 'STANDARD_IA'],
      ]);
      const answer = await patient.device.ask({ method: 'PUT', key: 'evil', headers, content: HELLO });
      if (answer.status !== 200) return unknown(`${shown(answer)}, so nothing was stored`);
      return ofStored(patient, 'evil', answer, ({ metadata, storageClass }) =>
        'evil' in metadata || storageClass !== 'STANDARD'
          ? fails('S3 obeyed a header that nobody signed')
          : holds('neither is stored'),
      );
    },
  },
  {
    id: 'A8',
    what: 'headers that the edge sets reach S3',
    follows: 'objects without their metadata or class: set them in js-shim/edge/origin-request.mjs',
    run: async (patient) => {
      const headers = /** @type {[string, string][]} */ ([
        ['x-oss-meta-a', '1'],
        ['x-oss-storage-class', 'IA'],
      ]);
      const answer = await patient.device.ask({ method: 'PUT', key: 'metadata', headers, content: HELLO });
      return ofStored(patient, 'metadata', answer, ({ metadata, storageClass }) =>
        metadata.a === '1' && storageClass === 'STANDARD_IA'
          ? holds('both are stored')
          : fails(`S3 has class ${storageClass}, metadata ${JSON.stringify(metadata)}`),
      );
    },
  },
  {
    id: 'A9',
    what: 'a refusal arrives whole while the device still sends',
    follows: 'devices see a broken connection, and may repeat: src/oss_error.rs',
    run: async ({ device }) => {
      const answer = await device.ask({
        method: 'PUT',
        key: 'large',
        content: Buffer.alloc(16 * 1024 * 1024),
        secret: 'wrong',
      });
      return answer.body.toString().trimEnd().endsWith('</Error>') || answer.status === 0
        ? expected(answer, 403, 'SignatureDoesNotMatch')
        : fails(`${shown(answer)}, and a document that is cut`);
    },
  },
  {
    id: 'A13',
    what: 'a forbidden overwrite holds',
    applies: (config) => !decidesAtOrigin(config) || config.relay !== undefined,
    follows:
      'objects are overwritten although that was forbidden: turn versioning on, or refuse the header in src/route/s3_headers.rs',
    run: async ({ device }) => {
      const once = async () =>
        device.ask({ method: 'PUT', key: 'once', headers: [['x-oss-forbid-overwrite', 'true']], content: HELLO });
      await once();
      return expected(await once(), 409, 'FileAlreadyExists', 'PreconditionFailed');
    },
  },
  {
    id: 'A14',
    what: 'Content-MD5 is checked',
    follows: "damaged bodies are stored: tell the devices' makers that bodies aren't checked",
    run: async ({ device }) =>
      expected(
        await device.ask({ method: 'PUT', key: 'damaged', headers: [['Content-MD5', md5('another')]], content: HELLO }),
        400,
        'InvalidDigest',
        'BadDigest',
      ),
  },
  {
    id: 'A15',
    what: 'a body with Transfer-Encoding and Content-Length is stored as its content',
    follows: 'the SDK for C, which frames every body so, needs the relay: `deployment.backend` "web-function"',
    run: async (patient) => {
      const key = 'framed-twice';
      const answer = await patient.device.ask({ method: 'PUT', key, content: HELLO, framing: 'both' });
      if (answer.status !== 200) return fails(`${shown(answer)}, and nothing is stored`);
      return ofStored(patient, key, answer, (stored) => {
        const finding = hasBytes(HELLO)(stored);
        return finding.verdict === 'holds' ? finding : { ...finding, follows: DAMAGED };
      });
    },
  },
  {
    id: 'A16',
    what: 'an upload in parts that the API or the relay began ends through CloudFront',
    follows:
      'uploads in parts fail: look at the roles of initiate and complete, or of the relay, and at the bucket policy',
    run: async ({ device, config }) =>
      hasParts(config) ? inParts(device, async (_id, complete) => expected(await complete(), 200)) : unknown(NO_PARTS),
  },
  {
    id: 'A33',
    what: 'a repeated CompleteMultipartUpload gets the first answer',
    follows: 'devices that repeat it see NoSuchUpload although the object is there',
    run: async ({ device, config }) => {
      if (!hasParts(config)) return unknown(NO_PARTS);
      return inParts(device, async (_id, complete) => {
        await complete();
        return expected(await complete(), 200);
      });
    },
  },
  {
    id: 'A39',
    what: "the response headers policy goes by the viewer's Origin",
    follows: 'pages take stored objects for failures: attach the policy of docs/deployment.md',
    run: async ({ device, config }) => {
      const [origin] = config.cors?.origins ?? [];
      if (origin === undefined) return unknown('no `cors` in the configuration');
      const sent = origin === '*' ? 'https://app.example.com' : origin;
      const answer = await device.ask({ method: 'PUT', key: 'page', headers: [['Origin', sent]], content: HELLO });
      const allowed = answer.headers['access-control-allow-origin'];
      return allowed === origin || allowed === sent
        ? holds(`Access-Control-Allow-Origin: ${allowed}`)
        : fails(`${shown(answer)}, Access-Control-Allow-Origin: ${allowed ?? 'none'}`);
    },
  },
  {
    id: 'A80',
    what: "origin-request sees the viewer's Host and what it signed, and S3 gets its own Host",
    follows: 'no upload succeeds: set `triggers` to "viewer-request", which is the default',
    applies: decidesAtOrigin,
    run: async ({ device }) => {
      const headers = /** @type {[string, string][]} */ ([
        ['Content-Type', 'text/plain'],
        ['Content-MD5', md5(HELLO)],
        ['x-oss-meta-a', '1'],
      ]);
      return expected(await device.ask({ method: 'PUT', key: 'plain', headers, content: HELLO }), 200);
    },
  },
  {
    id: 'A81',
    what: 'of simultaneous requests for one path each gets its own answer',
    follows: 'a request that nobody verified may get the answer to another: set `triggers` to "viewer-request" at once',
    applies: decidesAtOrigin,
    run: async ({ device }) => {
      const ask = (/** @type {string | undefined} */ secret) =>
        device.ask({ method: 'GET', key: 'shared', query: 'uploadId=none', secret });
      const answers = await Promise.all(
        Array.from({ length: SIMULTANEOUS }, async (_, at) => ({
          isRight: at % 2 === 0,
          answer: await ask(at % 2 === 0 ? undefined : 'wrong'),
        })),
      );
      const lost = answers.find(({ answer }) => answer.status === 0);
      if (lost !== undefined) return unknown(shown(lost.answer));
      const other = answers.find(({ isRight, answer }) => (codeOf(answer) === 'SignatureDoesNotMatch') === isRight);
      return other === undefined
        ? holds(`${SIMULTANEOUS} at once`)
        : fails(`${shown(other.answer)} to a ${other.isRight ? 'right' : 'wrong'} signature`);
    },
  },
];

/** The number of requests, half of them with a wrong secret. */
const SIMULTANEOUS = 20;

/** The names of objects that checks store without reading them. */
export const STORED = ['plain', 'expect', 'once', 'in-parts', 'page', 'damaged', 'repeated'];

const DAMAGED =
  'uploads of the SDK for C are DAMAGED: refuse Transfer-Encoding in src/route/body.rs before any device moves';

export const NO_PARTS = 'no `api` and no `relay` in the configuration';

/** A Content-Disposition beyond ASCII. */
export const FILE_NAME = 'attachment; filename="日.txt"';

/** @param {import('./finding.mjs').Stored} stored @returns {Finding} */
export function hasFileName({ contentDisposition }) {
  return contentDisposition === FILE_NAME ? holds(FILE_NAME) : fails(`S3 has ${contentDisposition}`);
}

/** @param {any} config */
function decidesAtOrigin({ triggers }) {
  return triggers === 'origin-request';
}

/** @param {any} config */
export function hasParts({ api, relay }) {
  return api !== undefined || relay !== undefined;
}

/**
 * @param {Patient['device']} device
 * @param {(id: string, complete: () => Promise<Answer>) => Promise<Finding>} end
 * @returns {Promise<Finding>}
 */
async function inParts(device, end) {
  const begun = await device.ask({ method: 'POST', key: 'in-parts', query: 'uploads', content: Buffer.alloc(0) });
  const id = /<UploadId>([^<]+)/u.exec(begun.body.toString())?.[1];
  if (id === undefined) return fails(`it does not begin: ${shown(begun)}`);
  const part = await device.ask({
    method: 'PUT',
    key: 'in-parts',
    query: `partNumber=1&uploadId=${id}`,
    content: HELLO,
  });
  if (part.status !== 200) return fails(`a part: ${shown(part)}`);
  const document = onePart(part.headers.etag);
  return end(id, () =>
    device.ask({ method: 'POST', key: 'in-parts', query: `uploadId=${id}`, content: Buffer.from(document) }),
  );
}
