/** A consumer's stack: the interface endpoint, who may use it, and the private name. */
import { att, ref, template } from '../templates/cfn.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {import('./plan.mjs').Consumer} Consumer */
/** @typedef {import('../templates/cfn.mjs').Resource} Resource */

/** @param {PrivatePlan} plan @param {Consumer} consumer */
export function consumerTemplate(plan, consumer) {
  const { name, service, provider, port } = plan;
  const isPrivateName = consumer.dns === 'private-dns-name';
  return template(`oss-edge ${name}: a private entrance, consumer ${consumer.name}`, {
    Parameters: {
      ServiceName: {
        Type: 'String',
        Description: "ServiceName of the provider's stack",
        AllowedPattern: `^com\\.amazonaws\\.vpce\\.${provider.region}\\.vpce-svc-[0-9a-f]{8,17}$`,
      },
    },
    Resources: {
      ...endpointResources(consumer, 'UploadEndpoint', port, {
        VpcEndpointType: 'Interface',
        ServiceName: ref('ServiceName'),
        ...(consumer.region === provider.region ? {} : { ServiceRegion: provider.region }),
        PrivateDnsEnabled: isPrivateName,
      }),
      ...(isPrivateName ? {} : zoneResources(consumer, service.domain, 'UploadEndpoint', ['', '*.'])),
    },
    Outputs: { Endpoint: { Value: ref('UploadEndpoint'), Description: 'For the provider to accept, and for the policy of an API' } },
  });
}

/**
 * An endpoint, and the security group of the devices that may use it.
 *
 * @param {Consumer} consumer @param {string} id @param {number} port @param {Record<string, unknown>} properties
 * @returns {Record<string, Resource>}
 */
export function endpointResources({ vpc, subnets, ranges }, id, port, properties) {
  return {
    [`${id}Network`]: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: vpc,
        GroupDescription: 'Devices that upload',
        SecurityGroupIngress: ranges.map((CidrIp) => ({ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp, Description: 'Devices' })),
        // Endpoints begin no connection.
        SecurityGroupEgress: [{ IpProtocol: 'icmp', FromPort: 3, ToPort: 4, CidrIp: '127.0.0.1/32', Description: 'Nowhere' }],
      },
    },
    [id]: { Type: 'AWS::EC2::VPCEndpoint', Properties: { VpcId: vpc, SubnetIds: subnets, SecurityGroupIds: [ref(`${id}Network`)], ...properties } },
  };
}

/**
 * A zone of the consumer's for the name, and for names below it where the style is virtual-hosted.
 *
 * @param {Consumer} consumer @param {string} domain @param {string} endpoint @param {string[]} prefixes of its names
 * @returns {Record<string, Resource>}
 */
export function zoneResources({ vpc, region }, domain, endpoint, prefixes) {
  // `ZONE:NAME`, the first for the whole Region.
  const entry = { 'Fn::Split': [':', { 'Fn::Select': [0, att(endpoint, 'DnsEntries')] }] };
  const records = prefixes.map((prefix, index) => [
    `${endpoint}Record${index + 1}`,
    {
      Type: 'AWS::Route53::RecordSet',
      Properties: {
        HostedZoneId: ref(`${endpoint}Zone`),
        Name: `${prefix}${domain}`,
        Type: 'A',
        AliasTarget: { HostedZoneId: { 'Fn::Select': [0, entry] }, DNSName: { 'Fn::Select': [1, entry] } },
      },
    },
  ]);
  return {
    [`${endpoint}Zone`]: { Type: 'AWS::Route53::HostedZone', Properties: { Name: domain, VPCs: [{ VPCId: vpc, VPCRegion: region }] } },
    ...Object.fromEntries(records),
  };
}
