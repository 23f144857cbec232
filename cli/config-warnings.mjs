// Warnings about a configuration that is valid, but probably a mistake.

import { decidingFunction } from '../deploy/distribution.mjs';

/**
 * @param {any} config checked
 * @param {any} [accessKeys] checked; undefined if the functions fetch them
 * @returns {string[]} sentences
 */
export function configWarnings(config, accessKeys) {
  const { hosts, maxClockSkewSeconds, headObject, unsealedUploadIds, capture, relay } = config;
  const exact = new Set(hosts.map((/** @type {{ host: string }} */ { host }) => host));
  const warnings = hosts
    .filter((/** @type {any} */ { host, style }) => style === 'virtual-hosted' && !exact.has(host.slice(2)))
    .map((/** @type {any} */ { host }) => endpointWarning(host.slice(2)));
  if (maxClockSkewSeconds === undefined) {
    warnings.push(
      'maxClockSkewSeconds: not set, so a device whose clock is more than 300 s off is refused, where OSS takes 900; ' +
        'set it to either',
    );
  }
  if (['absent', 'served'].includes(headObject) && accessKeys !== undefined && !nameHeadObject(accessKeys)) {
    warnings.push(
      'headObject: no access key has a rule that names HeadObject, so nobody may ask; ' +
        'add { "operations": ["HeadObject"] } to the `allow` of those that may',
    );
  }
  if (decidingFunction(config) === 'origin-request' && relay === undefined) {
    warnings.push(
      'triggers: with `origin-request` and without a `relay`, an object with `x-oss-forbid-overwrite: true` is refused',
    );
  }
  if (unsealedUploadIds === 'forward') {
    warnings.push(
      'unsealedUploadIds: with `forward` a client may cut the seal off an upload id, and with it a forbidden overwrite ' +
        'and the limit of seven days; set it to `refuse` when the uploads have ended that began without a seal',
    );
  }
  if (capture !== undefined && capturedOf(capture) !== '') {
    warnings.push(
      `capture: on for ${capturedOf(capture)}; their keys and user metadata go to the log of ${decidingFunction(config)}, ` +
        'so take it out again when you know the cause',
    );
  }
  return warnings;
}

/** @param {{ accessKeyIds?: string[], refusedShare?: number }} capture */
function capturedOf({ accessKeyIds = [], refusedShare = 0 }) {
  const ids = accessKeyIds.length === 1 ? [`access key ${accessKeyIds[0]}`] : [`${accessKeyIds.length} access keys`];
  const share = refusedShare > 0 ? [`${refusedShare * 100} % of all refusals`] : [];
  return [...(accessKeyIds.length > 0 ? ids : []), ...share].join(' and ');
}

/** @param {any} accessKeys */
function nameHeadObject({ accessKeys = [], masterKeys = [] }) {
  return [...accessKeys, ...masterKeys].some(({ allow = [] }) =>
    allow.some((/** @type {{ operations?: string[] }} */ { operations = [] }) => operations.includes('HeadObject')),
  );
}

/** @param {string} endpoint */
function endpointWarning(endpoint) {
  return (
    `hosts: \`${endpoint}\` itself leads nowhere, and the SDK for Java (version 1) sends it as the Host unless it is told ` +
    `otherwise; for such devices replace \`*.${endpoint}\` by ` +
    `{ "host": "${endpoint}", "style": "endpoint", "bucket": "the devices' bucket" }`
  );
}
