// What `./build.sh mutants-js` breaks, and the tests that must notice. A test of a second or two costs as much for each
// mutant, so a group has those that ask its modules directly, and not those with SDKs, whole uploads or a schedule.
//
// Not in it:
// - the other modules of `operations/`: their tests are whole uploads under faults, which take a minute for each mutant;
// - `keys/region-order`, `keys/secrets-manager*`, `keys/key-documents`: their tests have a Secrets Manager over HTTP;
// - `relay/main`, which is a process, and `core/translator` and `core/examiner`, which have no branch;
// - `operations/completed-parts.test.mjs` among the tests: it plants faults into a text that Stryker has changed.

/** @type {Record<string, { mutate: string[], tests: string[] }>} */
export const GROUPS = {
  authorizer: {
    mutate: ['api/*'],
    tests: ['shim/authorizer', 'shim/api-operation', 'shim/api'],
  },
  edge: {
    mutate: ['edge/*'],
    tests: ['shim/authorizer', 'shim/edge', 'shim/viewer-request', 'shim/origin-request', 'shim/origin-response', 'shim/one-function'],
  },
  decisions: {
    mutate: ['core/bundled-gate', 'core/core-instance', 'core/documents-core', 'core/event-text', 'core/gate', 'core/gate-decisions', 'core/seal'],
    tests: ['shim/core', 'shim/gate', 'shim/gate-decisions', 'shim/bundled-gate'],
  },
  joins: {
    mutate: [
      'operations/client-parts',
      'operations/completed-parts',
      'operations/ended-upload',
      'operations/join-plan',
      'operations/s3-fault',
      'operations/upload-record',
    ],
    tests: ['operations/staged-upload', 'operations/parts-document', 'operations/join-plan', 'shim/api'],
  },
  relay: {
    mutate: [
      'relay/client-address',
      'relay/entrance',
      'relay/framing',
      'relay/incoming-body',
      'relay/joins',
      'relay/line-limit',
      'relay/proxy-protocol',
      'relay/rate-check',
      'relay/raw-request',
      'relay/settings',
      'relay/slots',
      'relay/verify',
    ],
    tests: ['relay/client-address', 'relay/raw-request', 'relay/ways-in', 'relay/limits', 'relay/incoming-body'],
  },
  'relay-operations': {
    mutate: ['relay/answer', 'relay/certificate', 'relay/perform'],
    tests: ['relay/perform', 'relay/certificate'],
  },
  'relay-listener': { mutate: ['relay/listener'], tests: ['relay/client-address', 'relay/listener'] },
  'relay-server': { mutate: ['relay/pipelining', 'relay/relay'], tests: ['relay/limits', 'relay/server'] },
  keys: {
    mutate: ['keys/key-source', 'keys/fetch-schedule', 'keys/secret-replicas', 'keys/decide-with-keys'],
    tests: ['keys/source', 'keys/interleavings', 'keys/fetching'],
  },
};
