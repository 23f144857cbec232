/**
 * What whoever deploys must be allowed to do, by action and resource: for each type of resource in the templates what
 * CloudFormation does in the deployer's name, and what `oss-edge deploy` does itself.
 *
 * The actions of a type are those of its schema's handlers (CloudFormation registry) that a property of ours needs.
 */
import { EDGE_REGION, originSecretName } from './plan.mjs';
import { EDGE_LOG_GROUP } from './templates/roles.mjs';
import { sealSecretName } from './templates/secrets.mjs';

/** @typedef {import('./plan.mjs').Plan} Plan */
/** @typedef {import('./stacks.mjs').Stack} Stack */
/** @typedef {{ stack: Stack, id: string, properties: Record<string, any>, account: string, plan: Plan }} Of */
/**
 * @typedef {object} TypeNeeds
 * @property {readonly string[]} actions
 * @property {(of: Of) => string} on an ARN of the resource; its random part is made up, which a policy can't name
 *
 * @typedef {object} Need
 * @property {string} what for, in words
 * @property {readonly string[]} actions
 * @property {string[]} resources
 * @property {boolean} [once] whether only an account's first deployment needs it
 */

const ROLE = [
  ...actionsOf('iam', 'CreateRole DeleteRole GetRole TagRole PutRolePolicy GetRolePolicy DeleteRolePolicy'),
  ...actionsOf('iam', 'UpdateAssumeRolePolicy PassRole'),
];

const FUNCTION = [
  ...actionsOf('lambda', 'CreateFunction GetFunction DeleteFunction UpdateFunctionCode UpdateFunctionConfiguration'),
  ...actionsOf('lambda', 'TagResource'),
];

/** By type, each of a template. @type {Readonly<Record<string, TypeNeeds>>} */
export const NEEDS_OF_TYPES = {
  'AWS::ApiGateway::Account': ofApi('GET PATCH', 'account'),
  'AWS::ApiGateway::Authorizer': ofApi('POST GET PATCH DELETE', 'restapis/a/authorizers'),
  'AWS::ApiGateway::Deployment': ofApi('POST GET DELETE', 'restapis/a/deployments'),
  'AWS::ApiGateway::GatewayResponse': ofApi('PUT GET DELETE', 'restapis/a/gatewayresponses/b'),
  'AWS::ApiGateway::Method': ofApi('PUT GET DELETE', 'restapis/a/resources/b/methods/POST'),
  'AWS::ApiGateway::Resource': ofApi('POST GET DELETE', 'restapis/a/resources/b'),
  'AWS::ApiGateway::RestApi': ofApi('POST GET PATCH DELETE', 'restapis'),
  'AWS::ApiGateway::Stage': ofApi('POST GET PATCH DELETE', 'restapis/a/stages'),
  'AWS::CloudFront::Distribution': {
    actions: [
      ...actionsOf('cloudfront', 'CreateDistribution GetDistribution GetDistributionConfig UpdateDistribution'),
      ...actionsOf('cloudfront', 'DeleteDistribution TagResource ListTagsForResource'),
    ],
    on: ofCloudFront('distribution'),
  },
  'AWS::CloudFront::OriginAccessControl': {
    actions: crud('cloudfront', 'OriginAccessControl'),
    on: ofCloudFront('origin-access-control'),
  },
  'AWS::CloudFront::OriginRequestPolicy': {
    actions: crud('cloudfront', 'OriginRequestPolicy'),
    on: ofCloudFront('origin-request-policy'),
  },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    actions: crud('cloudfront', 'ResponseHeadersPolicy'),
    on: ofCloudFront('response-headers-policy'),
  },
  'AWS::CloudWatch::Alarm': {
    actions: actionsOf('cloudwatch', 'PutMetricAlarm DescribeAlarms DeleteAlarms TagResource'),
    on: regional('cloudwatch', ({ stack, id }) => `alarm:${madeName(stack, id)}`),
  },
  'AWS::CloudWatch::Dashboard': {
    actions: actionsOf('cloudwatch', 'PutDashboard GetDashboard DeleteDashboards'),
    on: ({ account, properties }) => `arn:aws:cloudwatch::${account}:dashboard/${properties.DashboardName}`,
  },
  'AWS::EC2::SecurityGroup': {
    actions: [
      ...actionsOf('ec2', 'CreateSecurityGroup DescribeSecurityGroups DeleteSecurityGroup CreateTags'),
      ...actionsOf('ec2', 'AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress'),
    ],
    on: regional('ec2', () => 'security-group/sg-0123456789abcdef0'),
  },
  'AWS::ECS::Cluster': {
    actions: actionsOf('ecs', 'CreateCluster DescribeClusters DeleteCluster TagResource'),
    on: regional('ecs', ({ properties }) => `cluster/${properties.ClusterName}`),
  },
  'AWS::ECS::Service': {
    actions: actionsOf('ecs', 'CreateService DescribeServices UpdateService DeleteService TagResource'),
    on: regional('ecs', ({ stack, id, plan }) => `service/${plan.name}/${madeName(stack, id)}`),
  },
  'AWS::ECS::TaskDefinition': {
    actions: actionsOf('ecs', 'RegisterTaskDefinition DescribeTaskDefinition DeregisterTaskDefinition TagResource'),
    on: regional('ecs', ({ properties }) => `task-definition/${properties.Family}:1`),
  },
  'AWS::ElasticLoadBalancingV2::Listener': {
    actions: [
      ...actionsOf('elasticloadbalancing', 'CreateListener DescribeListeners ModifyListener DeleteListener'),
      'elasticloadbalancing:AddTags',
    ],
    on: regional('elasticloadbalancing', () => 'listener/app/a/0123456789abcdef/0123456789abcdef'),
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    actions: [
      ...actionsOf('elasticloadbalancing', 'CreateLoadBalancer DescribeLoadBalancers DeleteLoadBalancer AddTags'),
      ...actionsOf('elasticloadbalancing', 'ModifyLoadBalancerAttributes'),
    ],
    on: regional('elasticloadbalancing', () => 'loadbalancer/app/a/0123456789abcdef'),
  },
  'AWS::ElasticLoadBalancingV2::TargetGroup': {
    actions: [
      ...actionsOf('elasticloadbalancing', 'CreateTargetGroup DescribeTargetGroups DeleteTargetGroup AddTags'),
      ...actionsOf('elasticloadbalancing', 'ModifyTargetGroup ModifyTargetGroupAttributes'),
    ],
    on: regional('elasticloadbalancing', () => 'targetgroup/a/0123456789abcdef'),
  },
  'AWS::IAM::Role': {
    actions: ROLE,
    on: ({ stack, id, account }) => `arn:aws:iam::${account}:role/${madeName(stack, id)}`,
  },
  'AWS::Lambda::Function': {
    actions: FUNCTION,
    on: regional('lambda', ({ properties }) => `function:${properties.FunctionName}`),
  },
  'AWS::Lambda::Permission': {
    actions: actionsOf('lambda', 'AddPermission RemovePermission'),
    on: regional('lambda', ({ stack, properties }) => `function:${functionName(stack, properties.FunctionName)}`),
  },
  'AWS::Lambda::Version': {
    actions: actionsOf('lambda', 'PublishVersion GetFunctionConfiguration ListVersionsByFunction'),
    on: regional('lambda', ({ plan }) => `function:${plan.name}-viewer-request`),
  },
  'AWS::Lambda::WebFunction': {
    actions: actionsOf('lambda', 'CreateWebFunction GetWebFunction DeleteWebFunction TagResource'),
    on: regional('lambda', ({ properties }) => `web-function:${properties.FunctionName}`),
  },
  'AWS::Lambda::WebFunctionEndpoint': {
    actions: crud('lambda', 'WebFunctionEndpoint'),
    on: regional('lambda', ({ plan }) => `web-function:${plan.name}-relay`),
  },
  'AWS::Lambda::WebFunctionRevision': {
    actions: actionsOf('lambda', 'CreateWebFunctionRevision GetWebFunctionRevision DeleteWebFunctionRevision'),
    on: regional('lambda', ({ plan }) => `web-function:${plan.name}-relay`),
  },
  'AWS::Logs::Delivery': {
    actions: actionsOf('logs', 'CreateDelivery GetDelivery DescribeDeliveries DeleteDelivery'),
    on: regional('logs', () => 'delivery:a'),
  },
  'AWS::Logs::DeliveryDestination': {
    actions: actionsOf('logs', 'PutDeliveryDestination GetDeliveryDestination DeleteDeliveryDestination'),
    on: regional('logs', ({ properties }) => `delivery-destination:${properties.Name}`),
  },
  'AWS::Logs::DeliverySource': {
    actions: actionsOf('logs', 'PutDeliverySource GetDeliverySource DeleteDeliverySource'),
    on: regional('logs', ({ properties }) => `delivery-source:${properties.Name}`),
  },
  'AWS::Logs::LogGroup': {
    actions: actionsOf('logs', 'CreateLogGroup DescribeLogGroups PutRetentionPolicy DeleteLogGroup TagResource'),
    on: regional('logs', ({ properties }) => `log-group:${properties.LogGroupName}`),
  },
  'AWS::Logs::MetricFilter': {
    actions: actionsOf('logs', 'PutMetricFilter DescribeMetricFilters DeleteMetricFilter'),
    on: regional('logs', ({ plan }) => `log-group:${EDGE_LOG_GROUP}${plan.name}-viewer-request`),
  },
  'AWS::Logs::QueryDefinition': {
    actions: actionsOf('logs', 'PutQueryDefinition DeleteQueryDefinition'),
    // The actions are for all queries of an account (service authorization reference).
    on: () => '*',
  },
  'AWS::S3::Bucket': {
    actions: [
      ...actionsOf('s3', 'CreateBucket DeleteBucket ListBucket PutBucketTagging PutEncryptionConfiguration'),
      ...actionsOf('s3', 'PutLifecycleConfiguration PutBucketVersioning PutBucketPublicAccessBlock'),
      ...actionsOf('s3', 'PutBucketOwnershipControls'),
    ],
    on: bucketArn,
  },
  'AWS::S3::BucketPolicy': {
    actions: actionsOf('s3', 'GetBucketPolicy PutBucketPolicy DeleteBucketPolicy'),
    on: ({ stack, properties, ...more }) => {
      const { Ref: id } = properties.Bucket;
      return bucketArn({ ...more, stack, properties: stack.template.Resources[id]?.Properties ?? {}, id });
    },
  },
  'AWS::SNS::Topic': {
    actions: actionsOf('sns', 'CreateTopic GetTopicAttributes SetTopicAttributes Subscribe DeleteTopic TagResource'),
    on: regional('sns', ({ stack, id }) => madeName(stack, id)),
  },
  'AWS::SecretsManager::Secret': {
    actions: [
      ...actionsOf('secretsmanager', 'CreateSecret DescribeSecret UpdateSecret DeleteSecret TagResource'),
      ...actionsOf('secretsmanager', 'GetRandomPassword ReplicateSecretToRegions RemoveRegionsFromReplication'),
    ],
    on: regional('secretsmanager', ({ properties }) => `secret:${properties.Name}-AbCdEf`),
  },
  'AWS::WAFv2::WebACL': {
    actions: crud('wafv2', 'WebACL'),
    on: regional('wafv2', ({ properties }) => `global/webacl/${properties.Name}/a`),
  },
};

/**
 * @param {Plan} plan
 * @param {readonly Stack[]} stacks all of a release, with those of the artifacts
 * @param {string} account
 * @returns {Need[]}
 */
export function deployerNeeds(plan, stacks, account) {
  return [...ofResources(plan, stacks, account), ...ofCommands(plan, stacks, account)];
}

/** @param {Plan} plan @param {readonly Stack[]} stacks @param {string} account @returns {Need[]} */
function ofResources(plan, stacks, account) {
  /** @type {Map<string, Set<string>>} */
  const byType = new Map();
  for (const stack of stacks) {
    for (const [id, { Type, Properties: properties = {} }] of Object.entries(stack.template.Resources)) {
      const arns = byType.get(Type) ?? new Set();
      byType.set(Type, arns.add(NEEDS_OF_TYPES[Type].on({ stack, id, properties, account, plan })));
    }
  }
  return [...byType].map(([type, arns]) => ({
    what: type.replace(/^AWS::/u, '').replaceAll('::', ' '),
    actions: NEEDS_OF_TYPES[type].actions,
    resources: [...arns],
  }));
}

/** Made once in an account (lambda-edge-permissions). */
const SERVICE_ROLES = [
  'replicator.lambda.amazonaws.com/AWSServiceRoleForLambdaReplicator',
  'logger.cloudfront.amazonaws.com/AWSServiceRoleForCloudFrontLogger',
];

/** What the commands do themselves. @param {Plan} plan @param {readonly Stack[]} stacks @param {string} account */
function ofCommands(plan, stacks, account) {
  const bucket = (/** @type {string} */ name) => `arn:aws:s3:::${name}`;
  const secret = (/** @type {string} */ name, region = plan.region) =>
    `arn:aws:secretsmanager:${region}:${account}:secret:${name}-AbCdEf`;
  const stackArns = stacks.map(({ name, region }) => `arn:aws:cloudformation:${region}:${account}:stack/${name}/a`);
  const artifacts = stacks
    .filter(({ kind }) => kind === 'artifacts')
    .map((stack) => bucket(madeName(stack, 'Artifacts').toLowerCase()));
  const existing = plan.buckets.filter((one) => one.existing).map(({ s3Bucket }) => bucket(s3Bucket));
  const edgeFunctions = stacks
    .filter(({ kind }) => kind === 'edge')
    .flatMap(({ template }) => Object.values(template.Resources))
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => `arn:aws:lambda:${EDGE_REGION}:${account}:function:${Properties?.FunctionName}:1`);
  /** @type {Need[]} */
  const needs = [
    {
      what: 'stacks',
      actions: [
        ...actionsOf('cloudformation', 'CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet'),
        ...actionsOf('cloudformation', 'DescribeStacks DescribeStackEvents DeleteStack TagResource'),
      ],
      resources: stackArns,
    },
    {
      what: 'zips and the record of releases',
      actions: actionsOf('s3', 'PutObject GetObject DeleteObject DeleteObjectVersion'),
      resources: artifacts.map((arn) => `${arn}/a`),
    },
    {
      what: 'zips and the record of releases',
      actions: actionsOf('s3', 'ListBucket ListBucketVersions'),
      resources: artifacts,
    },
    {
      what: 'objects that the test at the end stores',
      actions: actionsOf('s3', 'DeleteObject'),
      resources: plan.buckets.map(({ s3Bucket }) => `${bucket(s3Bucket)}/a`),
    },
    {
      what: 'the secrets of the seals',
      actions: actionsOf('secretsmanager', 'GetSecretValue PutSecretValue'),
      resources: [secret(sealSecretName(plan))],
    },
    {
      what: 'edge functions in a distribution',
      actions: actionsOf('lambda', 'GetFunction EnableReplication DisableReplication'),
      resources: edgeFunctions,
    },
    {
      what: 'roles of Lambda@Edge and of its logs',
      actions: actionsOf('iam', 'CreateServiceLinkedRole'),
      resources: SERVICE_ROLES.map((role) => `arn:aws:iam::${account}:role/aws-service-role/${role}`),
      once: true,
    },
  ];
  if (plan.backend !== 'none') {
    // A template that names a secret resolves it in the deployer's name.
    const name = originSecretName(plan, plan.originSecrets.sent);
    needs.push({
      what: 'what the distribution sends to the API or the relay',
      actions: actionsOf('secretsmanager', 'GetSecretValue DescribeSecret'),
      resources: [...new Set([plan.region, EDGE_REGION])].map((region) => secret(name, region)),
    });
  }
  if (existing.length > 0) {
    needs.push({
      what: 'buckets that were there',
      actions: [
        ...actionsOf('s3', 'GetBucketPolicy PutBucketPolicy DeleteBucketPolicy GetLifecycleConfiguration'),
        ...actionsOf('s3', 'PutLifecycleConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock'),
      ],
      resources: existing,
    });
  }
  if (plan.accessLogs) {
    needs.push({
      what: 'access logs of distributions',
      actions: actionsOf('cloudfront', 'AllowVendedLogDeliveryForResource'),
      resources: [`arn:aws:cloudfront::${account}:distribution/E1`],
    });
  }
  return needs;
}

/** The name that CloudFormation makes up, but for its last part. @param {Stack} stack @param {string} id */
function madeName({ name }, id) {
  return `${name}-${id}-A1B2C3D4E5F6`;
}

/** @param {Stack} stack @param {any} reference @returns {string} */
function functionName({ template }, { Ref: id }) {
  return template.Resources[id].Properties?.FunctionName;
}

/** @param {Of} of @returns {string} */
function bucketArn({ stack, id, properties }) {
  const { BucketName } = properties;
  return `arn:aws:s3:::${typeof BucketName === 'string' ? BucketName : madeName(stack, id).toLowerCase()}`;
}

/** @param {string} service @param {(of: Of) => string} rest @returns {(of: Of) => string} */
function regional(service, rest) {
  return (of) => `arn:aws:${service}:${of.stack.region}:${of.account}:${rest(of)}`;
}

/** API Gateway's actions are methods of HTTP. @param {string} methods @param {string} path @returns {TypeNeeds} */
function ofApi(methods, path) {
  return {
    actions: actionsOf('apigateway', methods),
    on: ({ stack }) => `arn:aws:apigateway:${stack.region}::/${path}`,
  };
}

/** @param {string} kind @returns {(of: Of) => string} */
function ofCloudFront(kind) {
  return ({ account }) => `arn:aws:cloudfront::${account}:${kind}/E1`;
}

/** @param {string} service @param {string} noun */
function crud(service, noun) {
  return ['Create', 'Get', 'Update', 'Delete'].map((verb) => `${service}:${verb}${noun}`);
}

/** @param {string} service @param {string} names */
function actionsOf(service, names) {
  return names.split(' ').map((name) => `${service}:${name}`);
}
