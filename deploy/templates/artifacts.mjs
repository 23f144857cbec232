/** The stack with the bucket from which functions are made, in each Region that has functions. */
import { stackNames } from '../plan.mjs';
import { tlsOnlyStatement } from '../permissions.mjs';
import { privateBucket } from './bucket.mjs';
import { policyDocument, ref, sub, template } from './cfn.mjs';

/**
 * Private: the zips hold access keys where these are bundled, and keys of the seals.
 *
 * @param {import('../plan.mjs').Plan} plan
 */
export function artifactsTemplate(plan) {
  const webFunction = {
    Sid: 'WebFunctionReadsItsCode',
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: ['s3:GetObject', 's3:GetObjectVersion'],
    Resource: sub('arn:aws:s3:::${Artifacts}/*'),
    Condition: {
      ArnLike: {
        'aws:SourceArn': sub(
          `arn:aws:lambda:\${AWS::Region}:\${AWS::AccountId}:web-function/${plan.name}-relay/revision/*`,
        ),
      },
    },
  };
  const tlsOnly = tlsOnlyStatement('${Artifacts}');
  return template(`oss-edge ${plan.name}: the functions' code (${stackNames(plan).artifacts})`, {
    Resources: {
      Artifacts: privateBucket({
        // A web function pins its code by the object's version.
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [{ Id: 'replaced', Status: 'Enabled', NoncurrentVersionExpiration: { NoncurrentDays: 30 } }],
        },
      }),
      ArtifactsPolicy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: ref('Artifacts'),
          PolicyDocument: policyDocument([
            { ...tlsOnly, Resource: tlsOnly.Resource.map(sub) },
            ...(plan.backend === 'web-function' ? [webFunction] : []),
          ]),
        },
      },
    },
    Outputs: { Artifacts: { Value: ref('Artifacts') } },
  });
}
