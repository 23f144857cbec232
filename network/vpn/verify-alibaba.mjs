/** What Alibaba Cloud says of its connection, as `aliyun vpc DescribeVpnConnections` prints it. */
import { finding } from '../finding.mjs';
import { SPELLING } from './rules.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('./plan.mjs').Tunnel} Tunnel */
/** @typedef {import('../finding.mjs').Finding} Finding */

/** @param {VpnPlan} plan @param {any} report @returns {Finding[]} */
export function alibabaFindings(plan, report) {
  const all = report?.VpnConnections?.VpnConnection;
  if (!Array.isArray(all))
    throw new Error('expected the JSON of DescribeVpnConnections, found no VpnConnections.VpnConnection');
  const ours = all.filter(({ Name }) => Name === plan.name);
  if (ours.length !== 1) {
    return [finding("Alibaba Cloud's connection", false, `${ours.length} called ${plan.name}`, 'apply main.tf.json')];
  }
  const options = ours[0].TunnelOptionsSpecification?.TunnelOptions ?? [];
  return plan.tunnels.flatMap((tunnel) => {
    const own = options.find((/** @type {any} */ { Role }) => Role === tunnel.role);
    return own === undefined
      ? [
          finding(
            `tunnel ${tunnel.number}: at Alibaba Cloud`,
            false,
            `no ${tunnel.role}`,
            'expected the dual-tunnel mode',
          ),
        ]
      : tunnelFindings(plan, tunnel, own);
  });
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel @param {any} own @returns {Finding[]} */
function tunnelFindings(plan, tunnel, own) {
  const what = `tunnel ${tunnel.number}`;
  const bgp = own.TunnelBgpConfig ?? {};
  return [
    finding(
      `${what}: at Alibaba Cloud`,
      own.Status === 'ipsec_sa_established',
      String(own.Status),
      FOLLOWS[own.Status] ?? FOLLOWS.other,
    ),
    ...(plan.routing === 'bgp'
      ? [
          finding(
            `${what}: BGP at Alibaba Cloud`,
            bgp.BgpStatus === 'success',
            String(bgp.BgpStatus),
            'compare the ASNs and the inside addresses of both sides',
          ),
        ]
      : []),
    ...expectedOptions(plan, tunnel).flatMap(([name, expected]) => {
      const found = name.split('.').reduce((value, field) => value?.[field], own);
      return found === undefined || String(found) === String(expected)
        ? []
        : [finding(`${what}: ${name}`, false, String(found), `the plan has ${expected}`)];
    }),
  ];
}

/** @type {Record<string, string>} */
const FOLLOWS = {
  ike_sa_not_established: "phase 1 fails: the key, phase 1's algorithms, or the customer gateway's address",
  ike_sa_established: 'phase 2 has not begun yet',
  ipsec_sa_not_established: 'phase 2 fails: its algorithms, the group, or the selectors (0.0.0.0/0 on both sides)',
  other: 'see the logs of the IPsec connection in the console',
};

/** @param {VpnPlan} plan @param {Tunnel} tunnel @returns {[string, string | number][]} by their paths in the answer */
function expectedOptions({ ike, ipsec, alibaba, aws, routing }, tunnel) {
  return [
    ['TunnelIkeConfig.IkeVersion', ike.version],
    ['TunnelIkeConfig.IkeEncAlg', SPELLING.encryption[ike.encryption].alibaba],
    ['TunnelIkeConfig.IkeAuthAlg', SPELLING.integrity[ike.integrity].alibaba],
    ['TunnelIkeConfig.IkePfs', `group${ike.dhGroup}`],
    ['TunnelIkeConfig.IkeLifetime', ike.lifetimeSeconds],
    ['TunnelIpsecConfig.IpsecEncAlg', SPELLING.encryption[ipsec.encryption].alibaba],
    ['TunnelIpsecConfig.IpsecAuthAlg', SPELLING.integrity[ipsec.integrity].alibaba],
    ['TunnelIpsecConfig.IpsecPfs', `group${ipsec.dhGroup}`],
    ['TunnelIpsecConfig.IpsecLifetime', ipsec.lifetimeSeconds],
    ...(routing === 'bgp'
      ? /** @type {[string, string | number][]} */ ([
          ['TunnelBgpConfig.LocalAsn', alibaba.asn],
          ['TunnelBgpConfig.TunnelCidr', tunnel.range],
          ['TunnelBgpConfig.LocalBgpIp', tunnel.alibabaInside],
          ['TunnelBgpConfig.PeerBgpIp', tunnel.awsInside],
          ['TunnelBgpConfig.PeerAsn', aws.asn],
        ])
      : []),
  ];
}
