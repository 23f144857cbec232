// Checks the certificate of the hosts before anything is made: CloudFront would refuse it only at the very end.

import { DescribeCertificateCommand } from '@aws-sdk/client-acm';

import { EDGE_REGION } from '../../deploy/plan.mjs';
import { isAwsError } from './aws.mjs';

/**
 * @param {import('./deployment.mjs').Context} context @param {import('../../deploy/plan.mjs').Plan} plan
 * @throws {Error} when the certificate isn't there, isn't issued, or lacks a host
 */
export async function checkCertificate({ aws, ui }, { certificate, buckets }) {
  const aliases = buckets.flatMap((bucket) => bucket.aliases);
  if (certificate === undefined || aliases.length === 0) return;
  const found = await describe(aws.acm(EDGE_REGION), certificate).catch((error) => {
    if (!isAwsError(error, 'AccessDeniedException', 'AccessDenied')) throw error;
    ui.say('deployment.certificate: not looked at, as acm:DescribeCertificate is not allowed');
    return undefined;
  });
  if (found === undefined) return;
  const { Status, SubjectAlternativeNames: names = [] } = found;
  if (Status !== 'ISSUED') {
    throw new Error(`config: deployment.certificate: expected one that is issued, found ${Status}`);
  }
  const missing = aliases.filter((alias) => !names.some((name) => covers(name, alias)));
  if (missing.length > 0) {
    throw new Error(
      `config: deployment.certificate: expected one for ${missing.join(', ')} too, found one for ${names.join(', ')}`,
    );
  }
}

/** @param {import('@aws-sdk/client-acm').ACMClient} acm @param {string} arn */
async function describe(acm, arn) {
  try {
    const { Certificate = {} } = await acm.send(new DescribeCertificateCommand({ CertificateArn: arn }));
    return Certificate;
  } catch (error) {
    if (!isAwsError(error, 'ResourceNotFoundException')) throw error;
    throw new Error(`config: deployment.certificate: expected a certificate of this account, found none at ${arn}`);
  }
}

/** A wildcard stands for one label. @param {string} name of a certificate @param {string} host */
function covers(name, host) {
  return name === host || (name.startsWith('*.') && name.slice(1) === host.slice(host.indexOf('.')));
}
