/** AWS's side of the plan, as CloudFormation. */
import { att, ref, template } from '../../deploy/templates/cfn.mjs';
import { keyName, keySecretName } from './plan.mjs';
import { SPELLING } from './rules.mjs';

/** @typedef {import('./plan.mjs').VpnPlan} VpnPlan */
/** @typedef {import('./plan.mjs').Tunnel} Tunnel */
/** @typedef {import('../../deploy/templates/cfn.mjs').Resource} Resource */

const RUNBOOK = 'docs/networks.md#when-a-tunnel-is-down';

/** The largest number that `BgpAsn` takes; above it is another property. */
const LARGEST_BGP_ASN = 2_147_483_647;

/** @param {VpnPlan} plan @returns {import('../../deploy/templates/cfn.mjs').Template} */
export function awsTemplate(plan) {
  const { tunnels, name } = plan;
  return template(`${name}: the AWS side of two IPsec tunnels to Alibaba Cloud`, {
    Parameters: Object.fromEntries(tunnels.map((tunnel) => [addressParameter(tunnel), alibabaAddress(tunnel)])),
    Resources: {
      TunnelLogs: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: `/oss-edge/vpn/${name}`, RetentionInDays: 30 },
      },
      ...gateway(plan),
      ...Object.assign({}, ...tunnels.map((tunnel) => connection(plan, tunnel))),
      ...(plan.routing === 'static' ? staticRoutes(plan) : {}),
      ...routes(plan),
      ...alarms(plan),
    },
    Outputs: Object.fromEntries(
      tunnels.map((tunnel) => [
        `VpnConnection${tunnel.number}`,
        { Description: `The connection of tunnel ${tunnel.number}`, Value: ref(connectionId(tunnel)) },
      ]),
    ),
  });
}

/** @param {Tunnel} tunnel */
const connectionId = ({ number }) => `VpnConnection${number}`;

/** @param {Tunnel} tunnel */
const addressParameter = ({ number }) => `AlibabaAddress${number}`;

/** @param {Tunnel} tunnel */
function alibabaAddress({ number, alibabaOutside }) {
  return {
    Type: 'String',
    Description: `The public address of Alibaba Cloud's VPN gateway for tunnel ${number}: an output of Terraform`,
    AllowedPattern: '^\\d{1,3}(\\.\\d{1,3}){3}$',
    ...(alibabaOutside === undefined ? {} : { Default: alibabaOutside }),
  };
}

/** @param {VpnPlan} plan @returns {Record<string, Resource>} */
function gateway({ name, aws }) {
  if (aws.gateway.id !== undefined) return {};
  return {
    VpnGateway: {
      Type: 'AWS::EC2::VPNGateway',
      Properties: { Type: 'ipsec.1', AmazonSideAsn: aws.asn, Tags: [{ Key: 'Name', Value: name }] },
    },
    VpnGatewayAttachment: {
      Type: 'AWS::EC2::VPCGatewayAttachment',
      Properties: { VpcId: aws.vpc, VpnGatewayId: ref('VpnGateway') },
    },
  };
}

/** @param {VpnPlan} plan */
function gatewayReference({
  aws: {
    gateway: { type, id },
  },
}) {
  return { [type === 'vpn-gateway' ? 'VpnGatewayId' : 'TransitGatewayId']: id ?? ref('VpnGateway') };
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel @returns {Record<string, Resource>} */
function connection(plan, tunnel) {
  const { name, routing, alibaba } = plan;
  const tags = [{ Key: 'Name', Value: `${name}-${tunnel.number}` }];
  const asn = alibaba.asn > LARGEST_BGP_ASN ? { BgpAsnExtended: alibaba.asn } : { BgpAsn: alibaba.asn };
  return {
    [`CustomerGateway${tunnel.number}`]: {
      Type: 'AWS::EC2::CustomerGateway',
      Properties: { Type: 'ipsec.1', ...asn, IpAddress: ref(addressParameter(tunnel)), Tags: tags },
    },
    [connectionId(tunnel)]: {
      Type: 'AWS::EC2::VPNConnection',
      Properties: {
        Type: 'ipsec.1',
        CustomerGatewayId: ref(`CustomerGateway${tunnel.number}`),
        ...gatewayReference(plan),
        StaticRoutesOnly: routing === 'static',
        // The connection's second tunnel has no other end, so AWS may choose its range and key.
        VpnTunnelOptionsSpecifications: [tunnelOptions(plan, tunnel)],
        Tags: tags,
      },
    },
  };
}

/** @param {VpnPlan} plan @param {Tunnel} tunnel */
export function tunnelOptions(plan, tunnel) {
  const { ike, ipsec, dpdTimeoutSeconds } = plan;
  const encryption = (/** @type {import('./plan.mjs').Phase} */ phase) => [
    { Value: SPELLING.encryption[phase.encryption].aws },
  ];
  const integrity = (/** @type {import('./plan.mjs').Phase} */ phase) => [
    { Value: SPELLING.integrity[phase.integrity].aws },
  ];
  return {
    TunnelInsideCidr: tunnel.range,
    PreSharedKey: `{{resolve:secretsmanager:${keySecretName(plan)}:SecretString:${keyName(tunnel)}}}`,
    IKEVersions: [{ Value: ike.version }],
    Phase1EncryptionAlgorithms: encryption(ike),
    Phase1IntegrityAlgorithms: integrity(ike),
    Phase1DHGroupNumbers: [{ Value: ike.dhGroup }],
    Phase1LifetimeSeconds: ike.lifetimeSeconds,
    Phase2EncryptionAlgorithms: encryption(ipsec),
    Phase2IntegrityAlgorithms: integrity(ipsec),
    Phase2DHGroupNumbers: [{ Value: ipsec.dhGroup }],
    Phase2LifetimeSeconds: ipsec.lifetimeSeconds,
    DPDTimeoutSeconds: dpdTimeoutSeconds,
    // Alibaba Cloud begins a tunnel. AWS begins one again only with IKEv2.
    DPDTimeoutAction: ike.version === 'ikev2' ? 'restart' : 'clear',
    StartupAction: 'add',
    LogOptions: {
      CloudwatchLogOptions: { LogEnabled: true, LogGroupArn: att('TunnelLogs', 'Arn'), LogOutputFormat: 'json' },
    },
  };
}

/** @param {VpnPlan} plan @returns {Record<string, Resource>} */
function staticRoutes({ alibaba, tunnels }) {
  const all = tunnels.flatMap((tunnel) =>
    alibaba.ranges.map((range, index) => [
      `Route${tunnel.number}To${index + 1}`,
      {
        Type: 'AWS::EC2::VPNConnectionRoute',
        Properties: { VpnConnectionId: ref(connectionId(tunnel)), DestinationCidrBlock: range },
      },
    ]),
  );
  return Object.fromEntries(all);
}

/** What the VPC's route tables know of Alibaba Cloud. @param {VpnPlan} plan @returns {Record<string, Resource>} */
function routes(plan) {
  const { aws, alibaba } = plan;
  if (aws.gateway.type === 'vpn-gateway') {
    return {
      RoutePropagation: {
        Type: 'AWS::EC2::VPNGatewayRoutePropagation',
        ...(aws.gateway.id === undefined ? { DependsOn: 'VpnGatewayAttachment' } : {}),
        Properties: { RouteTableIds: aws.routeTables, ...gatewayReference(plan) },
      },
    };
  }
  const all = aws.routeTables.flatMap((table, at) =>
    alibaba.ranges.map((range, index) => [
      `Route${at + 1}To${index + 1}`,
      {
        Type: 'AWS::EC2::Route',
        Properties: { RouteTableId: table, DestinationCidrBlock: range, ...gatewayReference(plan) },
      },
    ]),
  );
  return Object.fromEntries(all);
}

/**
 * One for each tunnel, and one for both. A connection's TunnelState is the mean of its two tunnels, of which one stays
 * down: half is all there is.
 *
 * @param {VpnPlan} plan
 * @returns {Record<string, Resource>}
 */
function alarms({ name, aws, tunnels }) {
  const actions = aws.alarmTopic === undefined ? {} : { AlarmActions: [aws.alarmTopic], OKActions: [aws.alarmTopic] };
  const each = tunnels.map((tunnel) => [
    `Tunnel${tunnel.number}Down`,
    {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: {
        AlarmName: `${name}-tunnel-${tunnel.number}-down`,
        AlarmDescription: `Tunnel ${tunnel.number} to Alibaba Cloud is down. Runbook: ${RUNBOOK}`,
        Namespace: 'AWS/VPN',
        MetricName: 'TunnelState',
        Dimensions: [{ Name: 'VpnId', Value: ref(connectionId(tunnel)) }],
        Statistic: 'Maximum',
        Period: 60,
        EvaluationPeriods: 3,
        Threshold: 0.5,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
        ...actions,
      },
    },
  ]);
  const rule = tunnels.map(({ number }) => `ALARM("${name}-tunnel-${number}-down")`).join(' AND ');
  return {
    ...Object.fromEntries(each),
    BothTunnelsDown: {
      Type: 'AWS::CloudWatch::CompositeAlarm',
      DependsOn: each.map(([id]) => id),
      Properties: {
        AlarmName: `${name}-down`,
        AlarmDescription: `Alibaba Cloud is out of reach. Runbook: ${RUNBOOK}`,
        AlarmRule: rule,
        ...actions,
      },
    },
  };
}
