/**
 * Metrics that CloudWatch makes of the functions' log lines, by metric filters: the functions know nothing of them, and
 * a line costs no byte more. (Embedded metric format would need its fields in each line.)
 *
 * Each dimension's values are few: every combination is a metric that costs money.
 */

/**
 * @typedef {object} Metric
 * @property {string} name
 * @property {string} pattern of CloudWatch Logs, for a JSON line
 * @property {string} [value] by default 1 a line
 * @property {Record<string, string>} [dimensions] to fields of the line
 * @property {string} [unit]
 * @property {string} meaning
 */

/** S3's least part, except for the last one. */
const SMALL_PART = 5 * 1024 * 1024;

/** Of the log of the edge function that decides. @type {readonly Metric[]} */
export const DECISION_METRICS = [
  {
    name: 'Accepted',
    pattern: '{ $.decision = "forward" }',
    dimensions: { Operation: '$.operation' },
    meaning: 'requests that were sent on, by operation',
  },
  { name: 'AcceptedAll', pattern: '{ $.decision = "forward" }', meaning: 'all requests that were sent on' },
  {
    name: 'AcceptedByScheme',
    pattern: '{ $.decision = "forward" && $.scheme = "*" }',
    dimensions: { Scheme: '$.scheme' },
    meaning: 'the same, by signature scheme',
  },
  {
    name: 'Refused',
    pattern: '{ $.decision = "deny" && $.code = "*" }',
    dimensions: { Code: '$.code' },
    meaning: "refusals, by OSS's code",
  },
  { name: 'RefusedAll', pattern: '{ $.decision = "deny" }', meaning: 'all refusals' },
  {
    name: 'DeclaredBytes',
    pattern: '{ $.decision = "forward" && $.contentLength > 0 }',
    value: '$.contentLength',
    unit: 'Bytes',
    meaning: 'Content-Length of what was sent on',
  },
  {
    name: 'ClockBehindSeconds',
    pattern: '{ $.clockDifferenceSeconds < 0 }',
    value: '$.clockDifferenceSeconds',
    unit: 'Seconds',
    meaning: "by how much devices' clocks are behind, negative",
  },
  {
    name: 'ClockAheadSeconds',
    pattern: '{ $.clockDifferenceSeconds > 0 }',
    value: '$.clockDifferenceSeconds',
    unit: 'Seconds',
    meaning: "by how much devices' clocks are ahead",
  },
  {
    name: 'SmallParts',
    pattern: `{ $.decision = "forward" && $.operation = "UploadPart" && $.contentLength < ${SMALL_PART} }`,
    meaning: "parts smaller than S3's least, the last one of an upload included",
  },
  {
    name: 'SmallPartBytes',
    pattern: `{ $.decision = "forward" && $.operation = "UploadPart" && $.contentLength < ${SMALL_PART} }`,
    value: '$.contentLength',
    unit: 'Bytes',
    meaning: 'their Content-Length: with `"smallParts": "stage"` the bytes that are staged, and joined at the end',
  },
  {
    name: 'EmptyObjects',
    pattern: '{ $.decision = "forward" && $.operation = "PutObject" && $.contentLength = 0 }',
    meaning: 'objects of 0 bytes, as a client uploads that repeats a request after its clock was repaired',
  },
  {
    name: 'KeysAgeSeconds',
    pattern: '{ $.keysAgeSeconds >= 0 }',
    value: '$.keysAgeSeconds',
    unit: 'Seconds',
    meaning: 'how long ago the access keys were fetched by which a request was decided',
  },
];

/** Of the log of what completes uploads: the relay, or complete. @type {readonly Metric[]} */
export const JOIN_METRICS = [
  { name: 'Joins', pattern: '{ $.joinedBytes > 0 }', meaning: 'uploads whose small parts were joined' },
  {
    name: 'JoinedBytes',
    pattern: '{ $.joinedBytes > 0 }',
    value: '$.joinedBytes',
    unit: 'Bytes',
    meaning: 'the bytes of these parts, which passed through the function',
  },
];

/** Of each function's log, together. @type {readonly Metric[]} */
export const FAILURE_METRICS = [
  {
    name: 'InternalErrors',
    pattern: '{ $.code = "InternalError" || $.event = "failed" }',
    meaning: 'requests that a function could not decide; a relay that did not start',
  },
  { name: 'KeysUnavailable', pattern: '{ $.event = "access-keys" }', meaning: 'access keys that could not be fetched' },
];

/** Of the relay's log. @type {readonly Metric[]} */
export const RELAY_METRICS = [
  {
    name: 'RelayBytes',
    pattern: '{ $.function = "relay" && $.bytes > 0 }',
    value: '$.bytes',
    unit: 'Bytes',
    meaning: 'what the relay received of bodies that become objects or parts',
  },
];

/** @param {import('./plan.mjs').Plan} plan */
export function namespaceOf({ name }) {
  return `OssEdge/${name}`;
}
