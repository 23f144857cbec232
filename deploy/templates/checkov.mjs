/** Rules of checkov that resources don't follow, each with its reason, for whoever runs it over the templates. */

/** @typedef {{ id: string, comment: string }} Skip */

const SECRETS_KEY = "encrypted by Secrets Manager's own key: one of yours costs $1 a month in each Region";

/** By type. @type {Readonly<Record<string, readonly Skip[]>>} */
export const SKIPS = {
  'AWS::ApiGateway::Stage': [
    { id: 'CKV_AWS_73', comment: 'X-Ray has nothing to add to one call of one function' },
    { id: 'CKV_AWS_120', comment: 'an answer is for one signature and must not be cached' },
  ],
  'AWS::CloudFront::Distribution': [
    { id: 'CKV_AWS_34', comment: 'plain HTTP is a choice, off by default: deployment.plainHttp' },
    { id: 'CKV_AWS_68', comment: "a rate rule is a choice, as one address may be a carrier's NAT with many devices" },
    { id: 'CKV_AWS_86', comment: 'access logs are on by a delivery of CloudWatch Logs, which this rule does not know' },
    { id: 'CKV_AWS_174', comment: 'TLS 1.0 and 1.1 are a choice for old devices, off by default: .minimumTls' },
  ],
  'AWS::ECS::Cluster': [{ id: 'CKV_AWS_65', comment: "the relay's log and alarms say how it is" }],
  'AWS::ElasticLoadBalancingV2::LoadBalancer': [{ id: 'CKV_AWS_91', comment: 'the relay logs a line a request' }],
  'AWS::IAM::Role': [
    { id: 'CKV_AWS_111', comment: "API Gateway's role for logs is for all log groups, as AWS's managed policy has it" },
  ],
  'AWS::Lambda::Function': [
    { id: 'CKV_AWS_115', comment: 'edge functions have no reserved concurrency, and a limit would refuse devices' },
    { id: 'CKV_AWS_116', comment: 'a dead-letter queue is for asynchronous invocations' },
    { id: 'CKV_AWS_117', comment: 'edge functions have no VPC, and the others need nothing in one' },
    { id: 'CKV_AWS_173', comment: "the environment has an origin secret, encrypted by Lambda's own key" },
  ],
  'AWS::Logs::LogGroup': [{ id: 'CKV_AWS_158', comment: 'encrypted by CloudWatch Logs; no line has a secret' }],
  'AWS::S3::Bucket': [
    { id: 'CKV_AWS_18', comment: 'access logs of buckets are yours to turn on; CloudFront logs each request' },
    { id: 'CKV_AWS_21', comment: 'versioning is a choice, on by default; access logs are written once' },
  ],
  'AWS::SNS::Topic': [
    { id: 'CKV_AWS_26', comment: "CloudWatch may not use SNS's own key, and would tell nobody; alarms have no secret" },
  ],
  'AWS::SecretsManager::Secret': [{ id: 'CKV_AWS_149', comment: SECRETS_KEY }],
  'AWS::WAFv2::WebACL': [{ id: 'CKV_AWS_192', comment: 'nothing behind it runs Java' }],
};

/**
 * @param {Record<string, import('./cfn.mjs').Resource>} resources
 * @returns {Record<string, import('./cfn.mjs').Resource>} with what checkov reads
 */
export function withSkips(resources) {
  return Object.fromEntries(
    Object.entries(resources).map(([id, resource]) => {
      const skip = SKIPS[resource.Type];
      return [id, skip === undefined ? resource : { ...resource, Metadata: { checkov: { skip } } }];
    }),
  );
}
