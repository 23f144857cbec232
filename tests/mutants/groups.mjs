// What `./build.sh mutants-js` breaks. Not in it: modules whose tests take so long that a run over them takes days, as
// joins over a real S3, and adapters without a branch.

/** Files, and the tests that must notice when they are broken. */
export const GROUPS = {
  edge: {
    mutate: ['edge/*', 'api/authorizer', 'api/verified-request', 'core/decision', 'core/gate-decisions'],
    tests: ['shim/viewer-request', 'shim/origin-request', 'shim/origin-response', 'shim/api', 'shim/gate-decisions', 'shim/gate'],
  },
  joins: {
    mutate: ['operations/join-plan', 'operations/completed-parts', 'operations/ended-upload', 'operations/s3-fault'],
    tests: ['operations/join-plan', 'operations/join-faults', 'shim/api'],
  },
  relay: {
    mutate: ['relay/framing', 'relay/slots', 'relay/rate-check', 'relay/settings', 'relay/joins', 'relay/verify'],
    tests: ['relay/framing', 'relay/interleavings', 'relay/settings'],
  },
  keys: {
    mutate: ['keys/key-source', 'keys/fetch-schedule', 'keys/region-order', 'keys/secret-replicas', 'keys/decide-with-keys'],
    tests: ['keys/source', 'keys/interleavings'],
  },
};
