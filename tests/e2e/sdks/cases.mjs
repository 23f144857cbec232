// What devices do with an SDK, in the order in which one process does it, and how that ends unless clients.mjs says
// otherwise.

import { ACCESS_KEYS, CONFIG, FIRST_KEY, RELAY_CONFIG, STS_KEY } from '../fixture.mjs';

const MIB = 1024 * 1024;
const NOBODY = { accessKeyId: 'LTAI5tNobodyKnowsThis', accessKeySecret: 'secretOfNobodyAtAllInThisTest1' };

const HOUR = 60 * 60 * 1000;
/** May ask whether an object is there, besides all that uploads. */
const LOOKS_FIRST = { accessKeys: [{ ...FIRST_KEY, allow: [{}, { operations: ['HeadObject'] }] }] };

/** The gateways that devices meet, by name, as `startGateway` makes them; cases that name none meet `usual`. */
export const GATEWAYS = {
  usual: [ACCESS_KEYS],
  late: [ACCESS_KEYS, { now: () => Date.now() + 3 * HOUR }],
  absent: [LOOKS_FIRST, { config: { ...CONFIG, headObject: 'absent' } }],
  served: [LOOKS_FIRST, { config: { ...CONFIG, headObject: 'served' } }],
  relay: [LOOKS_FIRST, { config: { ...RELAY_CONFIG, headObject: 'served' } }],
  everyBody: [ACCESS_KEYS, { config: { ...RELAY_CONFIG, smallParts: 'stage' } }],
};

/** The bodies' sizes. */
export const SIZES = {
  small: 100_000,
  empty: 0,
  twoParts: 5 * MIB + 1000,
  threeParts: 10 * MIB + 1000,
};

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} operation of the driver
 * @property {keyof SIZES | number} body by its name, or its size
 * @property {Record<string, unknown>} device fields of the driver's case
 * @property {string} expected
 * @property {keyof GATEWAYS} [gateway]
 * @property {boolean} [once] by the client's default signature version only
 */

/** @param {import('./clients.mjs').Client} client @returns {Case[]} */
export function casesOf({ host, put, helperPartSize }) {
  /** @param {Omit<Case, 'expected'>} step @returns {Case} */
  const relayed = (step) => ({ ...step, name: `${step.name}, to a relay`, gateway: 'everyBody', expected: 'stored', once: true });
  const small = { operation: put, body: 'small', expected: 'stored' };
  const helper = { operation: helperPartSize ? 'upload' : 'none', body: 2.5 * (helperPartSize ?? 0) };
  const looksFirst = { operation: 'lookFirst', body: 'small', device: { host } };
  const url = { operation: 'presign', body: 'small', expected: 'stored' };
  const bodies = [
    { ...small, operation: 'putFile', name: 'a file', device: { host } },
    { ...small, operation: 'putBytes', name: 'bytes in memory', device: { host } },
    { ...small, operation: 'putStream', name: 'a stream without a length', device: { host } },
    { ...small, operation: 'putFile', body: 'empty', name: 'an empty file', device: { host } },
    { ...small, operation: 'putBytes', body: 'empty', name: 'no bytes in memory', device: { host } },
  ];
  const ownPartSize = { ...helper, name: 'its helper, its own part size', device: { host }, expected: 'stored' };
  return [
    { ...small, name: 'a virtual-hosted host, no option set', device: { host: 'oss.test' } },
    { ...small, name: 'an endpoint host, no option set', device: { host: 'endpoint.test' } },
    { ...small, name: 'a cname host', device: { host: 'uploads.test', cname: true } },
    { ...small, name: 'a path host, an IP address', device: { host: '127.0.0.1' } },
    ...bodies.flatMap((step) => [step, relayed(step)]),
    {
      operation: 'parts',
      body: 'twoParts',
      name: 'an upload in parts, call by call',
      device: { host, partSize: 5 * MIB },
      expected: 'stored',
    },
    { operation: 'abort', body: 'empty', name: 'an upload that is aborted', device: { host }, expected: 'aborted' },
    ownPartSize,
    relayed(ownPartSize),
    {
      operation: 'upload',
      body: 'twoParts',
      name: 'its helper, parts of 5 MiB',
      device: { host, partSize: 5 * MIB },
      expected: 'stored',
    },
    { ...small, name: 'a security token', device: { host, ...STS_KEY } },
    { ...url, name: 'a signed URL', device: { host } },
    { ...url, name: 'a signed URL with a security token', device: { host, ...STS_KEY } },
    {
      ...small,
      name: 'a wrong secret',
      device: { host, accessKeySecret: NOBODY.accessKeySecret },
      expected: '403 SignatureDoesNotMatch',
    },
    { ...small, name: 'an unknown access key', device: { host, ...NOBODY }, expected: '403 InvalidAccessKeyId' },
    {
      operation: 'resume',
      body: 'threeParts',
      name: 'its helper, after the connection broke',
      device: { host, partSize: 5 * MIB },
      expected: 'resumed',
      once: true,
    },
    { ...looksFirst, name: 'is it there, then upload: `headObject` refused', expected: '405 MethodNotAllowed' },
    { ...looksFirst, gateway: 'absent', name: 'the same, absent', expected: 'uploads each time' },
    { ...looksFirst, gateway: 'served', name: 'the same, served by the API', expected: 'uploads once' },
    { ...looksFirst, gateway: 'relay', name: 'the same, served by a relay', expected: 'uploads once' },
    // The last: an SDK that mends its clock keeps the difference.
    {
      ...small,
      operation: put,
      name: 'a clock 3 hours off',
      device: { host },
      gateway: 'late',
      expected: '403 RequestTimeTooSkewed',
      once: true,
    },
  ];
}

/** What every device has. */
export const DEVICE = { ...FIRST_KEY, region: 'cn-hangzhou' };
export const OBJECT = { contentType: 'application/x-device-log', metadata: { device: 'sn-7', color: 'blue' } };
