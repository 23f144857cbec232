// Runs the checks one after the other, and removes what they stored.

import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

import { isAwsError } from '../deploy/aws.mjs';
import { errorText } from '../error-text.mjs';
import { CHECKS } from './all-checks.mjs';
import { HELLO } from './device.mjs';
import { codeOf, shown } from './finding.mjs';

/** @typedef {import('./finding.mjs').Finding & { id: string, what: string, follows: string }} Result */

/**
 * @param {import('./finding.mjs').Patient} patient
 * @returns {AsyncGenerator<Result>}
 */
export async function* examined(patient) {
  for (const { id, what, follows, run } of CHECKS.filter(({ applies }) => applies?.(patient.config) ?? true)) {
    const finding = await run(patient).catch((error) => ({
      verdict: /** @type {const} */ ('unknown'),
      found: errorText(error),
      follows: undefined,
    }));
    yield { id, what, ...finding, follows: finding.follows ?? follows };
  }
}

/**
 * Why every check would fail, by a first upload: what no check finds the cause of.
 *
 * @param {import('./finding.mjs').Patient['device']} device
 * @returns {Promise<string | undefined>}
 */
export async function hindranceOf(device) {
  const answer = await device.ask({ method: 'PUT', key: 'plain', content: HELLO });
  if (answer.status === 0) {
    const causes = "--url, the DNS record, the distribution's alternate names and certificate";
    return `no answer (${answer.fault}): look at ${causes}`;
  }
  const { accessKeyId } = device;
  const hindrance = {
    InvalidAccessKeyId:
      `the deployment does not take ${accessKeyId}, as its access keys are others: give those, or --key`,
    SignatureDoesNotMatch:
      `the deployment has another secret of ${accessKeyId}, or what is before it changes the path or Date: ` +
      'give its access keys, and ask the distribution itself (--url, --host)',
    RequestTimeTooSkewed: "this machine's clock is wrong, or the edge's",
  }[codeOf(answer)];
  return hindrance && `${shown(answer)}: ${hindrance}`;
}

/**
 * Access to the bucket, with the AWS SDK's default credentials.
 *
 * @param {{ s3Bucket: string, region: string }} bucket @param {string | undefined} endpoint in place of S3's own
 */
export function bucketAccess({ s3Bucket: Bucket, region }, endpoint) {
  const s3 = new S3Client({ region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) });
  /** @type {Set<string>} */
  const seen = new Set();
  return {
    /** @param {string} Key @returns {Promise<import('./finding.mjs').Stored | undefined>} */
    stored: async (Key) => {
      seen.add(Key);
      try {
        const found = await s3.send(new GetObjectCommand({ Bucket, Key }));
        return {
          body: Buffer.from((await found.Body?.transformToByteArray()) ?? []),
          metadata: found.Metadata ?? {},
          storageClass: found.StorageClass ?? 'STANDARD',
          // Node reads a header's bytes as ISO-8859-1.
          contentDisposition: Buffer.from(found.ContentDisposition ?? '', 'latin1').toString(),
        };
      } catch (error) {
        if (isAwsError(error, 'NoSuchKey', 'NotFound')) return undefined;
        throw error;
      }
    },
    /** @param {string[]} keys */
    remove: async (keys) => {
      for (const Key of new Set([...keys, ...seen]))
        await s3.send(new DeleteObjectCommand({ Bucket, Key })).catch(() => {});
    },
  };
}
