// What `./build.sh mutants-js` breaks, and the tests that must notice. Not in it: modules whose tests take so long that a
// run over them takes days, as joins over a real S3, tables, and adapters without a branch.

/** @type {Record<string, { mutate: string[], tests: string[] }>} */
export const GROUPS = {
  authorizer: {
    mutate: ['api/authorizer', 'api/verified-request'],
    tests: ['shim/api'],
  },
  edge: {
    mutate: ['edge/*'],
    tests: ['shim/viewer-request', 'shim/origin-request', 'shim/origin-response'],
  },
  decisions: {
    mutate: ['core/decision', 'core/gate-decisions'],
    tests: ['shim/gate-decisions', 'shim/gate'],
  },
  joins: {
    mutate: ['operations/join-plan', 'operations/completed-parts', 'operations/s3-fault'],
    tests: ['operations/join-plan', 'shim/api'],
  },
  relay: {
    mutate: ['relay/framing', 'relay/slots', 'relay/joins', 'relay/rate-check', 'relay/settings'],
    tests: ['relay/framing', 'relay/interleavings', 'relay/back-pressure'],
  },
  keys: {
    mutate: ['keys/key-source', 'keys/fetch-schedule', 'keys/secret-replicas', 'keys/decide-with-keys'],
    tests: ['keys/source', 'keys/interleavings', 'keys/fetching'],
  },
};
