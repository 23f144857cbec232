/** The relay as a container on Fargate, behind a load balancer that CloudFront alone reaches. */
import { CONTAINER } from '../functions.mjs';
import { att, ref } from './cfn.mjs';
import { logStatement, regionalRole, role } from './roles.mjs';
import { relayAlarms } from './relay-alarms.mjs';
import { takenSecrets } from './secrets.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {NonNullable<Plan['container']>} Container */
/** @typedef {import('./cfn.mjs').Resource} Resource */
/** @typedef {import('./lambda.mjs').Release} Release */

/** @param {Plan} plan @param {Release} release @returns {Record<string, Resource>} */
export function containerResources(plan, release) {
  if (!plan.container) throw new TypeError('the plan has no container');
  const group = `/aws/ecs/${plan.name}-relay`;
  return {
    RelayLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: group, RetentionInDays: plan.logDays } },
    RelayRole: regionalRole(plan, 'relay', group, 'ecs-tasks.amazonaws.com'),
    RelayStartRole: startRole(plan.container.repository, group),
    Cluster: { Type: 'AWS::ECS::Cluster', Properties: { ClusterName: plan.name } },
    Task: taskDefinition({
      name: plan.name,
      image: containerImage(plan.container.repository, release.hash),
      environment: { ORIGIN_SECRET: takenSecrets(plan) },
    }),
    ...serviceResources(plan.container),
    ...relayAlarms(plan),
  };
}

/** What starts a task: reads its image. @param {string} repository @param {string} group */
export function startRole(repository, group) {
  const [host, ...path] = repository.split('/');
  const [account, , , region] = host.split('.');
  const image = {
    Effect: 'Allow',
    Action: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    Resource: `arn:aws:ecr:${region}:${account}:repository/${path.join('/')}`,
  };
  // The one action that knows no resource.
  const login = { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' };
  return role(['ecs-tasks.amazonaws.com'], [logStatement(group), image, login]);
}

/**
 * The relay's task, of the resources RelayRole, RelayStartRole and RelayLog.
 *
 * @param {{ name: string, image: unknown, environment: Record<string, unknown> }} task `environment` besides the port
 * @returns {Resource}
 */
export function taskDefinition({ name, image, environment }) {
  return {
    Type: 'AWS::ECS::TaskDefinition',
    Properties: {
      Family: `${name}-relay`,
      Cpu: String(CONTAINER.cpu),
      Memory: String(CONTAINER.memory),
      NetworkMode: 'awsvpc',
      RequiresCompatibilities: ['FARGATE'],
      RuntimePlatform: { CpuArchitecture: 'X86_64', OperatingSystemFamily: 'LINUX' },
      ExecutionRoleArn: att('RelayStartRole', 'Arn'),
      TaskRoleArn: att('RelayRole', 'Arn'),
      ContainerDefinitions: [
        {
          Name: 'relay',
          Image: image,
          Essential: true,
          ReadonlyRootFilesystem: true,
          StopTimeout: CONTAINER.stopSeconds,
          PortMappings: [{ ContainerPort: CONTAINER.port }],
          Environment: Object.entries({ PORT: String(CONTAINER.port), ...environment }).map(([Name, Value]) => ({ Name, Value })),
          LogConfiguration: {
            LogDriver: 'awslogs',
            Options: {
              'awslogs-group': ref('RelayLog'),
              'awslogs-region': ref('AWS::Region'),
              'awslogs-stream-prefix': 'relay',
            },
          },
        },
      ],
    },
  };
}

/**
 * Tagged with the bundle's hash, so that the edge and the relay are of one bundle.
 *
 * @param {string} repository
 * @param {string} hash
 */
export function containerImage(repository, hash) {
  return `${repository}:${hash.slice(0, 12)}`;
}

/** @param {Container} container @returns {Record<string, Resource>} */
function serviceResources({ subnets, tasks, certificate, vpc, prefixListId }) {
  return {
    Service: {
      Type: 'AWS::ECS::Service',
      DependsOn: 'Listener',
      Properties: {
        Cluster: ref('Cluster'),
        LaunchType: 'FARGATE',
        DesiredCount: tasks,
        TaskDefinition: ref('Task'),
        DeploymentConfiguration: {
          MinimumHealthyPercent: 100,
          MaximumPercent: 200,
          DeploymentCircuitBreaker: { Enable: true, Rollback: true },
        },
        LoadBalancers: [{ ContainerName: 'relay', ContainerPort: CONTAINER.port, TargetGroupArn: ref('TargetGroup') }],
        NetworkConfiguration: {
          AwsvpcConfiguration: { AssignPublicIp: 'ENABLED', Subnets: subnets, SecurityGroups: [ref('RelayNetwork')] },
        },
      },
    },
    BalancerNetwork: securityGroup(vpc, 'HTTPS from CloudFront', {
      IpProtocol: 'tcp',
      FromPort: 443,
      ToPort: 443,
      SourcePrefixListId: prefixListId,
    }),
    RelayNetwork: securityGroup(vpc, 'HTTP from the load balancer', {
      IpProtocol: 'tcp',
      FromPort: CONTAINER.port,
      ToPort: CONTAINER.port,
      SourceSecurityGroupId: ref('BalancerNetwork'),
    }),
    Balancer: {
      Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer',
      Properties: {
        Scheme: 'internet-facing',
        Subnets: subnets,
        SecurityGroups: [ref('BalancerNetwork')],
        LoadBalancerAttributes: [
          { Key: 'idle_timeout.timeout_seconds', Value: '120' },
          { Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'true' },
        ],
      },
    },
    TargetGroup: {
      Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
      Properties: {
        VpcId: vpc,
        TargetType: 'ip',
        Protocol: 'HTTP',
        Port: CONTAINER.port,
        HealthCheckPath: '/health',
        TargetGroupAttributes: [{ Key: 'deregistration_delay.timeout_seconds', Value: '60' }],
      },
    },
    Listener: {
      Type: 'AWS::ElasticLoadBalancingV2::Listener',
      Properties: {
        LoadBalancerArn: ref('Balancer'),
        Port: 443,
        Protocol: 'HTTPS',
        SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
        Certificates: [{ CertificateArn: certificate }],
        DefaultActions: [{ Type: 'forward', TargetGroupArn: ref('TargetGroup') }],
      },
    },
  };
}

/** @param {string} vpc @param {string} what @param {object} ingress @returns {Resource} */
function securityGroup(vpc, what, ingress) {
  const rule = { Description: what, ...ingress };
  return {
    Type: 'AWS::EC2::SecurityGroup',
    Properties: { VpcId: vpc, GroupDescription: what, SecurityGroupIngress: [rule] },
  };
}
