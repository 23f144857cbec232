/** What can be told of the key, the certificate and the authorisation without asking anybody. */
import { isSignedBy, messageOf } from './authorization.mjs';
import { finding } from '../finding.mjs';

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../finding.mjs').Finding} Finding */

/**
 * @param {ByoipPlan} plan @param {string} range
 * @param {{ certificate: import('node:crypto').X509Certificate, privateKey: import('node:crypto').KeyObject,
 *   authorization: import('./authorization.mjs').Authorization | undefined, now: number }} files
 * @returns {Finding[]}
 */
export function ownFindings(plan, range, { certificate, privateKey, authorization, now }) {
  const isOurs = certificate.checkPrivateKey(privateKey);
  const isSelfSigned = certificate.verify(certificate.publicKey);
  const isValid = now >= Date.parse(certificate.validFrom) && now < Date.parse(certificate.validTo);
  return [
    finding(
      'the certificate',
      isOurs && isSelfSigned && isValid,
      isOurs ? `of our key, until ${certificate.validTo}` : 'of another key',
      'make it again with `prepare`',
    ),
    authorization === undefined
      ? finding(`${range}: its authorisation`, false, 'none', 'make it with `sign`')
      : authorizationFinding(plan, range, authorization, certificate),
  ];
}

/**
 * @param {ByoipPlan} plan @param {string} range @param {import('./authorization.mjs').Authorization} authorization
 * @param {import('node:crypto').X509Certificate} certificate
 */
function authorizationFinding(plan, range, authorization, certificate) {
  const expected = messageOf(plan, range);
  const isCurrent = authorization.message === expected;
  const isSigned = isSignedBy(authorization, certificate.publicKey);
  const found = isSigned ? authorization.message : "not signed by the certificate's key";
  return finding(
    `${range}: its authorisation`,
    isCurrent && isSigned,
    found,
    `make it again with \`sign\`: expected ${expected}`,
  );
}
