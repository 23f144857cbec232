/** Lambda functions and the code that they are made of. */
import { createHash } from 'node:crypto';

import { ARCHITECTURE, HANDLER, RUNTIME } from '../functions.mjs';
import { att, ref } from './cfn.mjs';

/** @typedef {{ hash: string }} Release `hash` of all zips of a bundle, in hexadecimal */

/** The parameter with the bucket of the stack's Region from which functions are made. */
export const ARTIFACT_PARAMETER = {
  ArtifactBucket: {
    Type: 'String',
    Description: 'The bucket with the zips, an output of the artifacts stack',
    MinLength: 3,
  },
};

/**
 * Where a function's zip is. All functions of a release have one prefix.
 *
 * @param {Release} release @param {string} name
 */
export function artifactKey({ hash }, name) {
  return `${hash}/${name}.zip`;
}

/**
 * @param {object} options
 * @param {import('../plan.mjs').Plan} options.plan
 * @param {string} options.name
 * @param {Release} options.release
 * @param {import('../functions.mjs').Size} options.size
 * @param {string} options.role logical id
 * @param {Record<string, any>} [options.more] properties
 * @returns {import('./cfn.mjs').Resource}
 */
export function lambdaFunction({ plan, name, release, size, role, more = {} }) {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: `${plan.name}-${name}`,
      Description: bundleDescription(release),
      Runtime: RUNTIME,
      Architectures: [ARCHITECTURE],
      Handler: HANDLER,
      MemorySize: size.memory,
      Timeout: size.timeoutSeconds,
      Role: att(role, 'Arn'),
      Code: { S3Bucket: ref('ArtifactBucket'), S3Key: artifactKey(release, name) },
      ...more,
    },
  };
}

/** @param {Release} release */
export function bundleDescription({ hash }) {
  return `oss-edge bundle ${hash}`;
}

/** A logical id that changes with what it stands for. @param {string} name @param {unknown} content */
export function changing(name, content) {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  return `${name}${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;
}
