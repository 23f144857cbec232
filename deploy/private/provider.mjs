/** The provider's stack: the relay on Fargate in the application's VPC, its load balancer, and the endpoint service. */
import { CONTAINER } from '../functions.mjs';
import { objectStatements } from '../permissions.mjs';
import { topicResources } from '../templates/alarms.mjs';
import { att, policyDocument, ref, sub, template } from '../templates/cfn.mjs';
import { startRole, taskDefinition } from '../templates/container.mjs';
import { relayAlarms } from '../templates/relay-alarms.mjs';
import { logStatement, role } from '../templates/roles.mjs';
import { bucketResources } from './buckets.mjs';
import { awsEndpoints, s3Endpoint, s3EndpointId } from './endpoints.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {import('../templates/cfn.mjs').Resource} Resource */

/** Of the relay, which answers it before it knows a client (js-shim/relay/verify.mjs). */
const HEALTH_PATH = '/.oss-edge/health';

/** Without SHA-1, RC4 and TLS 1.1. */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-2021-06';

/** @param {PrivatePlan} plan */
export function providerTemplate(plan) {
  return template(`oss-edge ${plan.name}: a private entrance, the provider's side`, {
    Parameters: {
      ImageTag: { Type: 'String', Description: "The image's tag: the first 12 digits of the bundle's hash", AllowedPattern: '^[0-9a-f]{12}$' },
    },
    Resources: {
      ...relayResources(plan),
      ...networkResources(plan),
      ...balancerResources(plan),
      ...serviceResources(plan),
      ...s3Endpoint(plan),
      ...awsEndpoints(plan),
      ...bucketResources(plan),
      ...topicResources(/** @type {any} */ (plan.service)),
      ...relayAlarms(/** @type {any} */ (plan)),
    },
    Outputs: {
      ServiceName: { Value: sub(`com.amazonaws.vpce.\${AWS::Region}.\${EndpointService}`), Description: 'For the consumers' },
      S3Endpoint: { Value: s3EndpointId(plan) },
      Balancer: { Value: ref('Balancer') },
      ...(plan.service.privateDnsName
        ? {
            TxtName: { Value: att('EndpointService', 'PrivateDnsNameConfiguration.Name'), Description: 'A TXT record in public DNS, before consumers can use the name' },
            TxtValue: { Value: att('EndpointService', 'PrivateDnsNameConfiguration.Value') },
          }
        : {}),
    },
  });
}

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
function relayResources(plan) {
  const { name, provider } = plan;
  const group = `/aws/ecs/${name}-relay`;
  return {
    RelayLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: group, RetentionInDays: provider.logDays } },
    RelayRole: role(['ecs-tasks.amazonaws.com'], [logStatement(group), ...objectStatements(/** @type {any} */ ({ ...plan, region: provider.region }), 'relay')]),
    RelayStartRole: startRole(provider.repository, group),
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: name } },
    Task: taskDefinition({
      name,
      image: sub(`${provider.repository}:\${ImageTag}`),
      environment: { RELAY_HEALTH_PORT: String(CONTAINER.port + 1) },
    }),
    RelayService: {
      Type: 'AWS::ECS::Service',
      DependsOn: 'Listener',
      Properties: {
        Cluster: ref('Cluster'),
        LaunchType: 'FARGATE',
        DesiredCount: provider.tasks,
        TaskDefinition: ref('Task'),
        DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 200, DeploymentCircuitBreaker: { Enable: true, Rollback: true } },
        LoadBalancers: [{ ContainerName: 'relay', ContainerPort: CONTAINER.port, TargetGroupArn: ref('TargetGroup') }],
        NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED', Subnets: provider.subnets, SecurityGroups: [ref('RelayNetwork')] } },
      },
    },
  };
}

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
function networkResources({ provider, consumers, port }) {
  const tcp = (/** @type {number} */ one, /** @type {object} */ peer) => ({ IpProtocol: 'tcp', FromPort: one, ToPort: one, ...peer });
  const ranges = [...new Set(consumers.flatMap((consumer) => consumer.ranges))];
  const group = (/** @type {string} */ what, /** @type {object} */ rules) => ({
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { VpcId: provider.vpc, GroupDescription: what, ...rules },
  });
  return {
    BalancerNetwork: group('Devices of the consumers', {
      SecurityGroupIngress: ranges.map((CidrIp) => tcp(port, { CidrIp, Description: 'A consumer' })),
    }),
    RelayNetwork: group('The relay', {
      SecurityGroupIngress: [tcp(CONTAINER.port, { SourceSecurityGroupId: ref('BalancerNetwork'), Description: 'The load balancer' })],
      // Nothing else is reached: neither the internet nor the consumers.
      SecurityGroupEgress: [
        tcp(443, { DestinationPrefixListId: provider.s3PrefixList, Description: 'S3' }),
        ...provider.ranges.map((CidrIp) => tcp(443, { CidrIp, Description: 'Interface endpoints' })),
      ],
    }),
  };
}

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
function balancerResources({ provider, consumers, api, port }) {
  const { tls, accessLogBucket } = provider;
  const logs = accessLogBucket === undefined ? [] : [['access_logs.s3.enabled', 'true'], ['access_logs.s3.bucket', accessLogBucket]];
  const attributes = [['load_balancing.cross_zone.enabled', 'true'], ['deletion_protection.enabled', 'true'], ...logs];
  const keyed = (/** @type {string[][]} */ pairs) => pairs.map(([Key, Value]) => ({ Key, Value }));
  return {
    Balancer: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      Properties: {
        Type: 'network',
        Scheme: 'internal',
        Subnets: provider.subnets,
        SecurityGroups: [ref('BalancerNetwork')],
        // What comes through a VPC link has none of the consumers' addresses.
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: api || consumers.length === 0 ? 'off' : 'on',
        LoadBalancerAttributes: keyed(attributes),
      },
    },
    TargetGroup: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        VpcId: provider.vpc,
        TargetType: 'ip',
        Protocol: 'TCP',
        Port: CONTAINER.port,
        // Where devices ask, since the load balancer sends its header there too.
        HealthCheckProtocol: tls.endedBy === 'relay' ? 'HTTPS' : 'HTTP',
        HealthCheckPath: HEALTH_PATH,
        TargetGroupAttributes: keyed([
          ['proxy_protocol_v2.enabled', 'true'],
          ['preserve_client_ip.enabled', 'false'],
          ['deregistration_delay.timeout_seconds', '60'],
        ]),
      },
    },
    Listener: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: ref('Balancer'),
        Port: port,
        ...(tls.endedBy === 'load-balancer'
          ? { Protocol: 'TLS', SslPolicy: TLS_POLICY, Certificates: [{ CertificateArn: tls.certificate }] }
          : { Protocol: 'TCP' }),
        DefaultActions: [{ Type: 'forward', TargetGroupArn: ref('TargetGroup') }],
      },
    },
  };
}

/** @param {PrivatePlan} plan @returns {Record<string, Resource>} */
function serviceResources({ provider, service, consumers }) {
  const { allowedPrincipals, acceptance = 'manual', privateDnsName = false, domain, alarmEmail } = service;
  const regions = [...new Set(consumers.map(({ region }) => region))].filter((region) => region !== provider.region);
  return {
    EndpointService: {
      Type: 'AWS::EC2::VPCEndpointService',
      Properties: {
        NetworkLoadBalancerArns: [ref('Balancer')],
        AcceptanceRequired: acceptance === 'manual',
        ...(privateDnsName ? { PrivateDnsName: domain } : {}),
        ...(regions.length > 0 ? { SupportedRegions: regions } : {}),
      },
    },
    EndpointServicePermissions: {
      Type: 'AWS::EC2::VPCEndpointServicePermissions',
      Properties: { ServiceId: ref('EndpointService'), AllowedPrincipals: allowedPrincipals },
    },
    ...(alarmEmail === undefined ? {} : notification(alarmEmail)),
  };
}

/** Who is told of connections. @param {string} email @returns {Record<string, Resource>} */
function notification(email) {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'vpce.amazonaws.com' },
    Action: 'sns:Publish',
    Resource: ref('ConnectionTopic'),
    Condition: { StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') } },
  };
  return {
    ConnectionTopic: { Type: 'AWS::SNS::Topic', Properties: { Subscription: [{ Protocol: 'email', Endpoint: email }] } },
    ConnectionTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: { Topics: [ref('ConnectionTopic')], PolicyDocument: policyDocument([statement]) },
    },
    ConnectionNotification: {
      Type: 'AWS::EC2::VPCEndpointConnectionNotification',
      DependsOn: 'ConnectionTopicPolicy',
      Properties: {
        ServiceId: ref('EndpointService'),
        ConnectionNotificationArn: ref('ConnectionTopic'),
        ConnectionEvents: ['Connect', 'Accept', 'Reject', 'Delete'],
      },
    },
  };
}
