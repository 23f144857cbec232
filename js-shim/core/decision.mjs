// The types of what the core returns (src/decision_json.rs). A field that isn't known is absent.

/**
 * @typedef {[name: string, value: string][]} HeaderList in order
 *
 * @typedef {object} Understood what the core learned about a request
 * @property {string} [operation] its name in OSS's API reference
 * @property {string} [bucket] the OSS bucket
 * @property {string} [key] decoded
 * @property {string} [accessKeyId] as presented
 * @property {string} [scheme] of the signature, as the configuration names it
 * @property {string} [generation] of the secret that verified the signature
 * @property {string} [style] how the host addresses its bucket, as the configuration names it
 * @property {string} [reading] how the request had to be read, unless as most SDKs sign it
 * @property {number} [clockDifferenceSeconds] the signature's date minus now
 * @property {import('../log.mjs').Captured} [captured] its signed parts, if the configuration captures them
 *
 * @typedef {Understood & { decision: 'forward', origin: 's3' | 'api' | 'relay', domain?: string, uri: string,
 *   query: string, headers: HeaderList }} Forward the request to send to the origin; `domain` is the origin's, where
 *   origin-request decides
 *
 * @typedef {object} OssErrorAnswer an error in OSS's dialect
 * @property {string} code
 * @property {number} status
 * @property {string} statusDescription
 * @property {HeaderList} headers
 * @property {string} body
 *
 * @typedef {'at-once' | 'when-due' | 'never'} Renewal when fetching the access keys again might change a refusal
 *
 * @typedef {Understood & OssErrorAnswer & { decision: 'refuse', detail: string, field?: string,
 *   renewal: Renewal, ossRequestId: string }} Refusal `detail` is for the log; `field` names the header or parameter
 *
 * @typedef {Understood & { decision: 'answer', status: number, statusDescription: string, headers: HeaderList,
 *   body: string, ossRequestId: string }} PreflightAnswer to a preflight that is granted
 *
 * @typedef {Forward | PreflightAnswer | Refusal} Decision at the edge
 *
 * @typedef {object} VerifiedOperation what an operation at the API or the relay needs
 * @property {string} operation
 * @property {string} bucket
 * @property {string} key
 * @property {string} accessKeyId
 * @property {string} requestId in OSS's form
 * @property {string} s3Bucket
 * @property {string} region
 * @property {string} query for S3
 * @property {string[]} options
 * @property {string} [uploadOptions] of an upload that begins, for its seal
 * @property {string} [uploadId] of an upload that is listed, as the client has it
 * @property {string} [staging] the folder of an upload whose small parts are staged
 * @property {number} [maxJoinBytes] the most bytes of staged parts that are joined
 * @property {HeaderList} [stagedHeaders] in the relay, the headers of a staged part for S3
 * @property {number} [bodyLength] in the relay, the length that the client declared, in bytes
 * @property {true} [bodyIsChunked] in the relay, whether the client sent chunks
 * @property {number} [maxBodyBytes] in the relay, the most that may be stored
 * @property {HeaderList} headers for S3
 *
 * @typedef {Understood & VerifiedOperation & { decision: 'forward' }} ServiceForward
 *
 * @typedef {ServiceForward | Refusal} ServiceDecision at the API or the relay
 *
 * @typedef {ServiceForward | PreflightAnswer | Refusal} EntranceDecision at a relay that is the entrance
 *
 * @typedef {{ translation: 'keep', remove: string[], set: HeaderList }} HeaderChanges
 * @typedef {{ translation: 'replace', error: OssErrorAnswer }} Replacement
 * @typedef {HeaderChanges | Replacement} Translation of an origin's response
 */

export {};
