/** The relay as a Lambda web function. */
import { WEB_FUNCTION } from '../functions.mjs';
import { att, ref } from './cfn.mjs';
import { artifactKey, bundleDescription, changing } from './lambda.mjs';
import { relayAlarms } from './relay-alarms.mjs';
import { regionalRole } from './roles.mjs';
import { takenSecrets } from './secrets.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {import('./cfn.mjs').Resource} Resource */
/** @typedef {import('./lambda.mjs').Release} Release */

/**
 * The function and its endpoint, whose domain the bundle needs.
 *
 * @param {Plan} plan @param {Release} [release] whose revision the endpoint serves
 * @returns {Record<string, Resource>}
 */
export function webFunctionFoundation({ name }, release) {
  const weights = release
    ? { RevisionWeights: [{ RevisionId: att(revisionId(release), 'RevisionId'), Weight: 100 }] }
    : {};
  return {
    Relay: { Type: 'AWS::Lambda::WebFunction', Properties: { FunctionName: `${name}-relay` } },
    RelayEndpoint: {
      Type: 'AWS::Lambda::WebFunctionEndpoint',
      DependsOn: 'Relay',
      Properties: {
        FunctionName: `${name}-relay`,
        EndpointName: 'relay',
        EndpointType: 'HomeRegion',
        // The relay verifies the OSS signature in Authorization, and the origin secret, by itself.
        AuthType: 'ApplicationManaged',
        ...weights,
      },
    },
  };
}

export function webFunctionOutputs() {
  return { EndpointDomain: { Value: att('RelayEndpoint', 'DomainName') }, EndpointPath: { Value: '/' } };
}

/** @param {Plan} plan @param {Release} release @returns {Record<string, Resource>} */
export function webFunctionRevision(plan, release) {
  const group = `/aws/lambda/${plan.name}-relay`;
  return {
    RelayLog: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: group, RetentionInDays: plan.logDays } },
    RelayRole: regionalRole(plan, 'relay', group),
    [revisionId(release)]: {
      Type: 'AWS::Lambda::WebFunctionRevision',
      DependsOn: 'Relay',
      // A revision can't be deleted while requests still go to it.
      UpdateReplacePolicy: 'Retain',
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        FunctionName: `${plan.name}-relay`,
        Description: bundleDescription(release),
        BuildConfig: {
          CodeConfig: { S3Object: { Bucket: ref('ArtifactBucket'), Key: artifactKey(release, 'relay') } },
          RuntimeConfig: { Runtime: WEB_FUNCTION.runtime },
        },
        ServiceConfig: {
          ExecutionRoleArn: att('RelayRole', 'Arn'),
          TimeoutSeconds: WEB_FUNCTION.timeoutSeconds,
          MaxConcurrencyPerEnvironment: WEB_FUNCTION.slots,
          EnvironmentVariables: {
            ORIGIN_SECRET: takenSecrets(plan),
            // By default it is index.js (web-functions-configuration-deployment-package).
            AWS_LAMBDA_NODEJS_ENTRYPOINT: 'index.mjs',
            RELAY_SLOTS: String(WEB_FUNCTION.slots),
          },
          TelemetryConfig: { LoggingConfig: { LogGroup: group } },
        },
      },
    },
    ...relayAlarms(plan),
  };
}

/** A revision never changes, so each bundle and each rotation has another. @param {Release} release */
function revisionId({ hash }) {
  return changing('RelayRevision', hash);
}
