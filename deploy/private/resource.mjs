/** A relay that has an address only: behind a transit gateway, a VPN or Direct Connect of the provider's VPC. */
import { att, ref, template } from '../templates/cfn.mjs';
import { shareResources } from './api.mjs';
import { endpointResources, zoneResources } from './consumer.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */

/** @param {PrivatePlan} plan @param {{ address: string, port: number }} resource */
export function resourceTemplate({ name, provider, consumers }, { address, port }) {
  const accounts = consumers.map(({ account }) => account).filter((account) => account !== provider.account);
  return template(`oss-edge ${name}: a relay by its address, the provider's side`, {
    Resources: {
      GatewayNetwork: {
        Type: 'AWS::EC2::SecurityGroup',
        Properties: {
          VpcId: provider.vpc,
          GroupDescription: 'The resource gateway',
          // It reaches this relay alone.
          SecurityGroupEgress: [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, CidrIp: `${address}/32`, Description: 'The relay' }],
        },
      },
      Gateway: {
        Type: 'AWS::VpcLattice::ResourceGateway',
        Properties: { Name: `${name}-relay`, VpcIdentifier: provider.vpc, SubnetIds: provider.subnets, SecurityGroupIds: [ref('GatewayNetwork')], IpAddressType: 'IPV4' },
      },
      Configuration: {
        Type: 'AWS::VpcLattice::ResourceConfiguration',
        Properties: {
          Name: `${name}-relay`,
          ResourceConfigurationType: 'SINGLE',
          ResourceGatewayId: ref('Gateway'),
          ProtocolType: 'TCP',
          PortRanges: [String(port)],
          AllowAssociationToSharableServiceNetwork: false,
          ResourceConfigurationDefinition: { IpResource: address },
        },
      },
      ...shareResources(name, [att('Configuration', 'Arn')], accounts),
    },
    Outputs: { ResourceConfigurationArn: { Value: att('Configuration', 'Arn'), Description: 'For the consumers' } },
  });
}

/** @param {PrivatePlan} plan @param {{ port: number }} resource @param {import('./plan.mjs').Consumer} consumer */
export function resourceConsumerTemplate({ name, service }, { port }, consumer) {
  return template(`oss-edge ${name}: a relay by its address, consumer ${consumer.name}`, {
    Parameters: {
      ResourceConfigurationArn: { Type: 'String', Description: "ResourceConfigurationArn of the provider's stack", AllowedPattern: '^arn:aws:vpc-lattice:.*:resourceconfiguration/.*$' },
    },
    Resources: {
      ...endpointResources(consumer, 'ResourceEndpoint', port, { VpcEndpointType: 'Resource', ResourceConfigurationArn: ref('ResourceConfigurationArn') }),
      ...zoneResources(consumer, service.domain, 'ResourceEndpoint', ['', '*.']),
    },
  });
}
