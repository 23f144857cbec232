// Prints what to do next: DNS records, and the lines to set in each OSS SDK.

/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */

/**
 * @param {Plan} plan @param {Pick<import('./deployment.mjs').Deployed, 'edge' | 'regional'>} outputs
 * @returns {string[]}
 */
export function endpointLines({ buckets, plainHttp, config }, { edge, regional }) {
  const lines = [];
  // CloudFront reaches the relay by this name.
  if (regional.BalancerDomain !== undefined)
    lines.push(`DNS: ${config.relay.domain}. CNAME ${regional.BalancerDomain}.`);
  for (const { id, name, aliases } of buckets) {
    const domain = edge[`DistributionDomain${id}`];
    lines.push(`bucket ${name}: https://${domain}${aliases.length > 0 ? '' : OWN_DOMAIN}`);
    for (const alias of aliases) lines.push(`  DNS: ${alias}. CNAME ${domain}.`);
  }
  const host = hostFor(config);
  if (host !== undefined) lines.push('', ...sdkLines(host, plainHttp ? 'http' : 'https'));
  return lines;
}

const OWN_DOMAIN = ': add it to `hosts` with the style "cname", if it is not there, and deploy again';

/** @param {{ hosts: import('../../deploy/aliases.mjs').Host[] }} config */
function hostFor({ hosts }) {
  const usable = hosts.filter(({ host }) => !/^(localhost|[\d.]+)$/u.test(host));
  const found =
    usable.find(({ style }) => style === 'cname') ?? usable.find(({ style }) => style === 'endpoint') ?? usable[0];
  return (
    found && {
      name: found.host.replace(/^\*\./u, ''),
      bucket: found.bucket ?? '<bucket>',
      cname: found.style === 'cname',
    }
  );
}

/** @param {{ name: string, bucket: string, cname: boolean }} host @param {string} scheme */
function sdkLines({ name, bucket, cname }, scheme) {
  const url = `${scheme}://${name}`;
  return [
    'in the OSS SDK, with an access key of `oss-edge keys`:',
    `  Python   oss2.Bucket(oss2.Auth(ID, SECRET), '${url}', '${bucket}'${cname ? ', is_cname=True' : ''})`,
    `  Node.js  new OSS({ accessKeyId: ID, accessKeySecret: SECRET, bucket: '${bucket}', endpoint: '${url}'` +
      `${cname ? ', cname: true' : ''} })`,
    `  Java     new OSSClientBuilder().build("${url}", ID, SECRET)  // bucket ${bucket}`,
    `  C        aos_str_set(&options->config->endpoint, "${url}"); options->config->is_cname = ${cname ? 1 : 0};` +
      `  // bucket ${bucket}`,
    `  Go       oss.New("${url}", ID, SECRET${cname ? ', oss.UseCname(true)' : ''})  // bucket ${bucket}`,
    `  PHP      new OssClient(ID, SECRET, '${url}'${cname ? ', true' : ''})  // bucket ${bucket}`,
    `  Android  new OSSClient(context, "${url}", credentials)  // bucket ${bucket}`,
  ];
}
