/**
 * Alibaba Cloud's side of the plan, as Terraform in its JSON syntax.
 *
 * The first `terraform apply` makes the gateway, whose two addresses AWS needs. Once AWS's addresses are known, the
 * second makes the rest.
 */
import { keyName } from './plan.mjs';
import { SPELLING } from './rules.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('./plan.mjs').Tunnel} Tunnel */

/** The first release with the names that are used here and a tunnel's BGP. */
const PROVIDER = '>= 1.246.0';

/** Everything but the gateway waits for both addresses of AWS. */
const ONCE_AWS_IS_THERE = '${var.tunnel1_aws_address == "" || var.tunnel2_aws_address == "" ? 0 : 1}';

const ADDRESSES = {
  description: "For AWS's customer gateways, in the order of the tunnels",
  value: [
    '${alicloud_vpn_gateway.oss_edge.internet_ip}',
    '${alicloud_vpn_gateway.oss_edge.disaster_recovery_internet_ip}',
  ],
};

/** @param {VpnPlan} plan @returns {object} main.tf.json */
export function alibabaTerraform(plan) {
  const { alibaba, tunnels, routing } = plan;
  return {
    terraform: { required_providers: { alicloud: { source: 'aliyun/alicloud', version: PROVIDER } } },
    provider: { alicloud: { region: alibaba.region } },
    variable: Object.assign({}, ...tunnels.map(variables)),
    resource: {
      ...(alibaba.gateway === undefined ? { alicloud_vpn_gateway: { oss_edge: gateway(plan) } } : {}),
      alicloud_vpn_customer_gateway: Object.assign({}, ...tunnels.map((tunnel) => customerGateway(plan, tunnel))),
      alicloud_vpn_connection: { oss_edge: connection(plan) },
      ...(routing === 'static' ? { alicloud_vpn_route_entry: routeEntries(plan) } : {}),
    },
    ...(alibaba.gateway === undefined ? { output: { addresses: ADDRESSES } } : {}),
  };
}

/** What Terraform reads beside main.tf.json: nothing secret. @param {VpnPlan} plan @returns {Record<string, string>} */
export function alibabaVariables({ tunnels }) {
  return Object.fromEntries(
    tunnels.flatMap((tunnel) => (tunnel.awsOutside === undefined ? [] : [[addressName(tunnel), tunnel.awsOutside]])),
  );
}

/** @param {Tunnel} tunnel */
const addressName = ({ number }) => `tunnel${number}_aws_address`;

/** @param {Tunnel} tunnel */
function variables(tunnel) {
  return {
    [addressName(tunnel)]: {
      description: `AWS's outside address of tunnel ${tunnel.number}, once its VPN connection is there`,
      type: 'string',
      default: '',
    },
    [keyName(tunnel)]: {
      description: `The pre-shared key of tunnel ${tunnel.number}`,
      type: 'string',
      sensitive: true,
    },
  };
}

/** @param {VpnPlan} plan */
function gateway({ name, alibaba, routing }) {
  const [first, second] = alibaba.vSwitches;
  return {
    vpn_gateway_name: name,
    vpn_type: 'Normal',
    network_type: 'public',
    vpc_id: alibaba.vpc,
    vswitch_id: first.id,
    disaster_recovery_vswitch_id: second.id,
    bandwidth: alibaba.bandwidthMbps,
    payment_type: alibaba.paymentType,
    enable_ipsec: true,
    enable_ssl: false,
    auto_propagate: routing === 'bgp',
  };
}

/** @param {VpnPlan} plan */
function gatewayId({ alibaba }) {
  return alibaba.gateway ?? '${alicloud_vpn_gateway.oss_edge.id}';
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel */
function customerGateway({ name, aws, routing }, tunnel) {
  return {
    [`aws${tunnel.number}`]: {
      count: ONCE_AWS_IS_THERE,
      customer_gateway_name: `${name}-aws-${tunnel.number}`,
      ip_address: `\${var.${addressName(tunnel)}}`,
      ...(routing === 'bgp' ? { asn: String(aws.asn) } : {}),
    },
  };
}

/** @param {VpnPlan} plan */
function connection(plan) {
  const { name, tunnels, routing } = plan;
  return {
    count: ONCE_AWS_IS_THERE,
    vpn_connection_name: name,
    vpn_gateway_id: gatewayId(plan),
    network_type: 'public',
    // Routes by the destination: AWS's end has one pair of selectors, and takes all addresses.
    local_subnet: ['0.0.0.0/0'],
    remote_subnet: ['0.0.0.0/0'],
    effect_immediately: true,
    auto_config_route: false,
    enable_tunnels_bgp: routing === 'bgp',
    tunnel_options_specification: tunnels.map((tunnel) => tunnelOptions(plan, tunnel)),
  };
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel */
function tunnelOptions({ ike, ipsec, routing, alibaba }, tunnel) {
  return {
    role: tunnel.role,
    customer_gateway_id: `\${alicloud_vpn_customer_gateway.aws${tunnel.number}[0].id}`,
    enable_dpd: true,
    enable_nat_traversal: true,
    tunnel_ike_config: {
      ike_version: ike.version,
      ike_mode: 'main',
      ike_enc_alg: SPELLING.encryption[ike.encryption].alibaba,
      ike_auth_alg: SPELLING.integrity[ike.integrity].alibaba,
      ike_pfs: `group${ike.dhGroup}`,
      ike_lifetime: ike.lifetimeSeconds,
      psk: `\${var.${keyName(tunnel)}}`,
    },
    tunnel_ipsec_config: {
      ipsec_enc_alg: SPELLING.encryption[ipsec.encryption].alibaba,
      ipsec_auth_alg: SPELLING.integrity[ipsec.integrity].alibaba,
      ipsec_pfs: `group${ipsec.dhGroup}`,
      ipsec_lifetime: ipsec.lifetimeSeconds,
    },
    ...(routing === 'bgp'
      ? {
          tunnel_bgp_config: {
            local_asn: String(alibaba.asn),
            tunnel_cidr: tunnel.range,
            local_bgp_ip: tunnel.alibabaInside,
          },
        }
      : {}),
  };
}

/** @param {VpnPlan} plan */
function routeEntries(plan) {
  const all = plan.aws.ranges.map((range, index) => [
    `aws${index + 1}`,
    {
      count: ONCE_AWS_IS_THERE,
      vpn_gateway_id: gatewayId(plan),
      next_hop: '${alicloud_vpn_connection.oss_edge[0].id}',
      route_dest: range,
      weight: 100,
      publish_vpc: true,
    },
  ]);
  return Object.fromEntries(all);
}
