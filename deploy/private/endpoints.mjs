/** The VPC's endpoints: S3 by a gateway, and what Fargate needs to start a task. */
import { att, policyDocument, ref, sub } from '../templates/cfn.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {import('../templates/cfn.mjs').Resource} Resource */

/** @param {PrivatePlan} plan */
export const s3EndpointId = ({ provider }) => provider.s3Endpoint ?? ref('S3Endpoint');

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
export function s3Endpoint(plan) {
  const { provider } = plan;
  if (provider.s3Endpoint !== undefined) return {};
  return {
    S3Endpoint: {
      Type: 'AWS::EC2::VPCEndpoint',
      Properties: {
        VpcEndpointType: 'Gateway',
        VpcId: provider.vpc,
        ServiceName: sub(`com.amazonaws.\${AWS::Region}.s3`),
        RouteTableIds: provider.routeTables,
        PolicyDocument: policyDocument(s3EndpointStatements(plan)),
      },
    },
  };
}

/**
 * Through the endpoint the relay's role reaches its buckets, and Fargate the layers of images; nobody anything else.
 *
 * @param {PrivatePlan} plan
 */
export function s3EndpointStatements({ buckets }) {
  return [
    {
      Sid: 'OssEdgeRelay',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: buckets.flatMap(({ s3Bucket }) => [`arn:aws:s3:::${s3Bucket}`, `arn:aws:s3:::${s3Bucket}/*`]),
      Condition: { ArnEquals: { 'aws:PrincipalArn': att('RelayRole', 'Arn') } },
    },
    {
      Sid: 'ImageLayers',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: sub(`arn:aws:s3:::prod-\${AWS::Region}-starport-layer-bucket/*`),
    },
  ];
}

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
export function awsEndpoints({ provider }) {
  if (provider.awsEndpoints === 'existing') return {};
  const endpoint = (/** @type {string} */ service) => ({
    Type: 'AWS::EC2::VPCEndpoint',
    Properties: {
      VpcEndpointType: 'Interface',
      VpcId: provider.vpc,
      ServiceName: sub(`com.amazonaws.\${AWS::Region}.${service}`),
      SubnetIds: provider.subnets,
      SecurityGroupIds: [ref('EndpointNetwork')],
      PrivateDnsEnabled: true,
    },
  });
  return {
    EndpointNetwork: {
      Type: 'AWS::EC2::SecurityGroup',
      Properties: {
        VpcId: provider.vpc,
        GroupDescription: 'Interface endpoints that Fargate needs',
        SecurityGroupIngress: [
          { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, SourceSecurityGroupId: ref('RelayNetwork'), Description: 'The relay' },
        ],
      },
    },
    EcrApiEndpoint: endpoint('ecr.api'),
    EcrImagesEndpoint: endpoint('ecr.dkr'),
    LogsEndpoint: endpoint('logs'),
  };
}
