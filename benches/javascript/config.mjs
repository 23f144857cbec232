// The configuration, ready to be looked up. It was checked when the function was bundled.

const STORAGE_CLASSES = {
  Standard: 'STANDARD',
  IA: 'STANDARD_IA',
  Archive: 'GLACIER',
  ColdArchive: 'DEEP_ARCHIVE',
  DeepColdArchive: 'DEEP_ARCHIVE',
};

/** @param {any} config */
export function readConfig(config) {
  const { hosts, buckets, api, headers = {} } = config;
  const ofStyle = (/** @type {string} */ style) => hosts.filter((/** @type {any} */ host) => host.style === style);
  return {
    maxSkewMillis: (config.maxClockSkewSeconds ?? 300) * 1000,
    maxUrlExpiryMillis: (config.maxUrlExpirySeconds ?? 604_800) * 1000,
    schemes: new Set(config.signatureSchemes ?? ['v1-header', 'v1-url', 'v4-header', 'v4-url']),
    regions: config.signatureRegions ? new Set(config.signatureRegions) : undefined,
    cname: new Map(ofStyle('cname').map((/** @type {any} */ { host, bucket }) => [host, bucket])),
    path: new Set(ofStyle('path').map((/** @type {any} */ { host }) => host)),
    virtualHosted: new Set(ofStyle('virtual-hosted').map((/** @type {any} */ { host }) => host.slice(2))),
    buckets: new Map(Object.entries(buckets).map(([name, { s3Bucket, region }]) => [name, { name: s3Bucket, domain: `${s3Bucket}.s3.${region}.amazonaws.com` }])),
    api,
    completeThroughApi: config.completeMultipartUpload !== 's3',
    listParts: config.listParts !== false,
    forwardsUnsealed: config.unsealedUploadIds === 'forward',
    storageClasses: new Map(Object.entries({ ...STORAGE_CLASSES, ...headers.storageClasses })),
    tagging: headers.tagging === true,
    dropsPublicAcl: headers.publicAcl === 'dropped',
    kmsKeys: new Map(Object.entries(headers.kmsKeys ?? {})),
  };
}

/** @typedef {ReturnType<typeof readConfig>} Settings */
