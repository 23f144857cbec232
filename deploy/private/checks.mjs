/** What CloudFormation and its linters don't know of a private entrance. Each fault names its rule. */
import { CONTAINER } from '../functions.mjs';
import { listOf } from '../checks/template.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {import('./stacks.mjs').PrivateStack} PrivateStack */
/** @typedef {(plan: PrivatePlan, stacks: readonly PrivateStack[]) => (string | false | undefined)[]} PrivateRule */

/** The resources of a type, over all stacks, with the place of each. @param {readonly PrivateStack[]} stacks @param {string} type */
function all(stacks, type) {
  return stacks.flatMap(({ name, kind, region, template }) =>
    Object.entries(template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties = {} }]) => ({ at: `${name}: ${id}`, id, kind, region, properties: /** @type {any} */ (Properties) })),
  );
}

/** @param {any[]} [attributes] */
const attributesOf = (attributes = []) => Object.fromEntries(attributes.map(({ Key, Value }) => [Key, Value]));

/** @type {Record<string, PrivateRule>} */
export const PRIVATE_RULES = {
  'balancer-internal': (_plan, stacks) =>
    all(stacks, 'AWS::ElasticLoadBalancingV2::LoadBalancer').flatMap(({ at, properties }) => [
      properties.Scheme !== 'internal' && `${at}: an internet-facing load balancer is no private entrance`,
      properties.Type !== 'network' && `${at}: an endpoint service wants a network load balancer`,
      (properties.SecurityGroups ?? []).length === 0 && `${at}: without a security group, whoever routes there is let in`,
    ]),
  'client-address': ({ config }, stacks) =>
    all(stacks, 'AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(({ at, properties }) => {
      const attributes = attributesOf(properties.TargetGroupAttributes);
      const expects = config.listener?.clientAddress === 'proxy-protocol';
      return [
        expects !== (attributes['proxy_protocol_v2.enabled'] === 'true') &&
          `${at}: proxy_protocol_v2.enabled must be what \`listener.clientAddress\` expects, or no connection is taken`,
        attributes['preserve_client_ip.enabled'] !== 'false' &&
          `${at}: with the client's address kept, connections don't come from \`listener.trustedProxies\``,
      ];
    }),
  health: (_plan, stacks) =>
    all(stacks, 'AWS::ElasticLoadBalancingV2::TargetGroup').flatMap(({ at, properties }) => [
      properties.HealthCheckPath !== '/.oss-edge/health' && `${at}: the relay answers checks at /.oss-edge/health`,
      properties.HealthCheckPort !== undefined && `${at}: checks must go where requests go: the load balancer sends its header there too`,
    ]),
  'tls-ended-once': ({ provider, config }, stacks) =>
    all(stacks, 'AWS::ElasticLoadBalancingV2::Listener').flatMap(({ at, properties }) => {
      const byBalancer = properties.Protocol === 'TLS';
      return [
        byBalancer && config.listener?.tls !== undefined && `${at}: the load balancer and the relay both end TLS`,
        provider.tls.endedBy === 'load-balancer' && !byBalancer && `${at}: nobody ends TLS`,
        byBalancer && !/TLS13-1-2/u.test(properties.SslPolicy ?? '') && `${at}: expected a policy of TLS 1.2 and later, found ${properties.SslPolicy}`,
      ];
    }),
  'no-public-address': (_plan, stacks) =>
    all(stacks, 'AWS::ECS::Service').flatMap(({ at, properties }) => [
      properties.NetworkConfiguration?.AwsvpcConfiguration?.AssignPublicIp !== 'DISABLED' && `${at}: the relay has a public address`,
    ]),
  'no-origin-secret': (_plan, stacks) =>
    all(stacks, 'AWS::ECS::TaskDefinition').flatMap(({ at, properties }) =>
      properties.ContainerDefinitions.flatMap((/** @type {any} */ { Environment = [] }) =>
        Environment.map((/** @type {any} */ { Name }) => Name === 'ORIGIN_SECRET' && `${at}: the relay refuses to start with an origin secret where it is the entrance`),
      ),
    ),
  'allowed-principals': (_plan, stacks) => [
    ...all(stacks, 'AWS::EC2::VPCEndpointServicePermissions').flatMap(({ at, properties }) =>
      listOf(properties.AllowedPrincipals).map((principal) => String(principal).includes('*') && `${at}: everybody may make an endpoint`),
    ),
    ...all(stacks, 'AWS::EC2::VPCEndpointService').map(
      ({ at, id }) => !all(stacks, 'AWS::EC2::VPCEndpointServicePermissions').some(({ properties }) => properties.ServiceId?.Ref === id) && `${at}: nobody may make an endpoint`,
    ),
  ],
  acceptance: ({ service }, stacks) =>
    all(stacks, 'AWS::EC2::VPCEndpointService').map(
      ({ at, properties }) => service.acceptance !== 'automatic' && properties.AcceptanceRequired !== true && `${at}: connections are accepted without you`,
    ),
  'security-groups': (_plan, stacks) =>
    all(stacks, 'AWS::EC2::SecurityGroup').flatMap(({ at, properties }) =>
      (properties.SecurityGroupIngress ?? []).flatMap((/** @type {any} */ { CidrIp, FromPort, ToPort, IpProtocol }) => [
        (CidrIp === '0.0.0.0/0' || CidrIp === '::/0') && `${at}: everybody is let in`,
        (FromPort !== ToPort || IpProtocol !== 'tcp') && `${at}: expected one TCP port`,
      ]),
    ),
  egress: (_plan, stacks) =>
    all(stacks, 'AWS::EC2::SecurityGroup')
      .filter(({ id }) => id === 'RelayNetwork' || id === 'GatewayNetwork')
      .flatMap(({ at, properties }) => {
        const rules = properties.SecurityGroupEgress ?? [];
        const open = rules.length === 0 || rules.some((/** @type {any} */ { CidrIp, IpProtocol }) => CidrIp === '0.0.0.0/0' || IpProtocol === '-1');
        return [open && `${at}: it reaches everything`];
      }),
  's3-endpoint': ({ buckets }, stacks) =>
    all(stacks, 'AWS::EC2::VPCEndpoint')
      .filter(({ properties }) => properties.VpcEndpointType === 'Gateway')
      .flatMap(({ at, properties }) => {
        const statements = properties.PolicyDocument?.Statement ?? [];
        const own = buckets.flatMap(({ s3Bucket }) => [`arn:aws:s3:::${s3Bucket}`, `arn:aws:s3:::${s3Bucket}/*`]);
        const isOpen = (/** @type {any} */ { Effect, Resource }) => Effect === 'Allow' && listOf(Resource).some((one) => one === '*' || one === 'arn:aws:s3:::*');
        const forRole = statements.filter((/** @type {any} */ { Condition }) => Condition?.ArnEquals?.['aws:PrincipalArn']);
        return [
          (statements.length === 0 || statements.some(isOpen)) && `${at}: every bucket can be reached through the endpoint`,
          !own.every((arn) => forRole.some((/** @type {any} */ one) => listOf(one.Resource).includes(arn))) && `${at}: the relay's role doesn't reach its buckets through the endpoint, or everybody does`,
        ];
      }),
  'bucket-endpoint': (_plan, stacks) =>
    all(stacks, 'AWS::S3::BucketPolicy').flatMap(({ at, properties }) => {
      const statements = properties.PolicyDocument.Statement;
      const denies = (/** @type {(condition: any) => boolean} */ fits) => statements.some((/** @type {any} */ one) => one.Effect === 'Deny' && fits(one.Condition ?? {}));
      return [
        !denies(({ StringNotEquals = {}, ArnEquals = {} }) => 'aws:SourceVpce' in StringNotEquals && 'aws:PrincipalArn' in ArnEquals) &&
          `${at}: the relay's credentials work outside of the VPC`,
        !denies(({ Bool }) => Bool?.['aws:SecureTransport'] === 'false') && `${at}: a statement must deny what comes without TLS`,
        statements.some((/** @type {any} */ { Effect }) => Effect === 'Allow') && `${at}: the relay's role says what it may: another statement allows more`,
      ];
    }),
  'api-private': (_plan, stacks) => [
    ...['AWS::ApiGateway::RestApi', 'AWS::ApiGateway::DomainNameV2'].flatMap((type) =>
      all(stacks, type).flatMap(({ at, properties }) => {
        const statements = properties.Policy?.Statement ?? [];
        return [
          properties.EndpointConfiguration?.Types?.[0] !== 'PRIVATE' && `${at}: it isn't private`,
          !statements.some((/** @type {any} */ { Effect, Condition }) => Effect === 'Deny' && Condition?.StringNotEquals?.['aws:SourceVpce']?.length > 0) && `${at}: every endpoint of everybody may call it`,
        ];
      }),
    ),
    ...all(stacks, 'AWS::ApiGateway::RestApi').map(({ at, properties }) => properties.DisableExecuteApiEndpoint !== true && `${at}: it answers to its own name too, which is no host of the relay's`),
  ],
  'api-methods': (_plan, stacks) =>
    all(stacks, 'AWS::ApiGateway::Method').flatMap(({ at, properties }) => [
      ['PUT', 'ANY', 'PATCH'].includes(properties.HttpMethod) && `${at}: bodies of objects don't fit through API Gateway`,
      properties.Integration?.ConnectionType !== 'VPC_LINK' && `${at}: the integration doesn't go through the VPC link`,
    ]),
  ports: ({ port }, stacks) => [
    ...all(stacks, 'AWS::ElasticLoadBalancingV2::Listener').map(({ at, properties }) => properties.Port !== port && `${at}: devices ask at ${port}`),
    ...all(stacks, 'AWS::ECS::TaskDefinition').flatMap(({ at, properties }) =>
      properties.ContainerDefinitions.map((/** @type {any} */ { PortMappings = [] }) => PortMappings[0]?.ContainerPort !== CONTAINER.port && `${at}: the target group sends to ${CONTAINER.port}`),
    ),
  ],
};

/** @param {PrivatePlan} plan @param {readonly PrivateStack[]} stacks @returns {string[]} `rule: where: what` */
export function privateFaultsOf(plan, stacks) {
  return Object.entries(PRIVATE_RULES).flatMap(([name, rule]) => rule(plan, stacks).flatMap((fault) => (fault ? [`${name}: ${fault}`] : [])));
}
