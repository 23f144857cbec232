/**
 * Queries of CloudWatch Logs Insights over the log of the edge function that decides, which the deployment saves in each
 * Region. A query sees one Region; pick the Regions and the time in the console.
 */

/**
 * @typedef {object} SavedQuery
 * @property {string} name
 * @property {readonly string[]} query its commands in order
 * @property {boolean} [ofEveryFunction] over the logs of the other edge functions too
 */

/** S3's least part, except for the last one. */
const SMALL_PART = 5 * 1024 * 1024;

/** @type {readonly SavedQuery[]} */
export const QUERIES = [
  {
    name: 'uploads per device and day',
    query: [
      'filter decision = "forward"',
      'stats count(*) as uploads, sum(contentLength) as bytes by accessKeyId, bin(1d) as day',
      'sort day desc, uploads desc',
    ],
  },
  {
    name: 'devices with wrong clocks',
    query: [
      'filter code = "RequestTimeTooSkewed"',
      'stats count(*) as refused, min(clockDifferenceSeconds) as least, max(clockDifferenceSeconds) as most by accessKeyId',
      'sort refused desc',
    ],
  },
  {
    name: 'devices by secret',
    query: [
      'filter ispresent(generation)',
      'stats count(*) as requests, max(@timestamp) as last by accessKeyId, generation',
      'sort accessKeyId asc, last desc',
    ],
  },
  {
    name: 'small parts by SDK',
    query: [
      `filter decision = "forward" and operation = "UploadPart" and contentLength < ${SMALL_PART}`,
      'stats count(*) as parts, count_distinct(accessKeyId) as devices by userAgent',
      'sort parts desc',
    ],
  },
  {
    name: 'failing devices by cause',
    query: [
      'filter decision = "deny"',
      'stats count(*) as refused, max(@timestamp) as last by accessKeyId, code, field',
      'sort refused desc',
    ],
  },
  {
    name: 'silent devices',
    query: ['filter decision = "forward"', 'stats max(@timestamp) as lastUpload by accessKeyId', 'sort lastUpload asc'],
  },
  {
    name: 'internal errors by cause',
    ofEveryFunction: true,
    query: ['filter code = "InternalError"', 'stats count(*) as requests by function, detail', 'sort requests desc'],
  },
];
