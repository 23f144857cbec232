/**
 * Which hosts lead to which distribution: each bucket has its own, so a pattern such as `*.oss.example.com` becomes one
 * name a bucket.
 */

/** @typedef {{ host: string, style: 'virtual-hosted' | 'cname' | 'path' | 'endpoint', bucket?: string }} Host */

/**
 * The alternate domain names of each bucket's distribution.
 *
 * @param {{ hosts: Host[], buckets: Record<string, unknown> }} config checked
 * @returns {Map<string, string[]>} by OSS bucket
 * @throws {Error} when a host could be for several buckets, which one distribution can't serve
 */
export function aliasesByBucket({ hosts, buckets }) {
  const names = Object.keys(buckets);
  const aliases = new Map(names.map((name) => [name, /** @type {string[]} */ ([])]));
  const add = (/** @type {string} */ bucket, /** @type {string} */ host) => {
    const known = aliases.get(bucket);
    if (!known?.includes(host)) known?.push(host);
  };
  for (const [at, { host, style, bucket = '' }] of hosts.entries()) {
    if (isOwnName(host)) continue;
    if (style === 'cname') add(bucket, host);
    if (style === 'virtual-hosted') for (const name of names) add(name, `${name}.${host.slice('*.'.length)}`);
    if (style === 'endpoint') {
      add(bucket, host);
      for (const name of names) add(name, `${name}.${host}`);
    }
    if (style === 'path') {
      if (names.length > 1) throw new Error(`config: hosts[${at}].style: ${PATH_STYLE}`);
      add(names[0], host);
    }
  }
  return aliases;
}

const PATH_STYLE =
  'expected another style than "path" with more than one bucket: one host leads to one distribution, and each bucket has its own';

/** Names that need no alias: CloudFront's own, and those of this machine. @param {string} host */
function isOwnName(host) {
  return host.endsWith('.cloudfront.net') || host === 'localhost' || /^[\d.]+$/u.test(host);
}
