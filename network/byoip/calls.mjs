/** The calls of EC2's API that move a range, as data: to show, to check, and to send. */

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('./authorization.mjs').Authorization} Authorization */
/** @typedef {{ operation: string, input: Record<string, any> }} Call */

/**
 * @param {ByoipPlan} plan @param {string} range
 * @param {{ authorization: Authorization } | { token: string }} proof that the range is ours
 * @returns {Call}
 */
export function provisionCall({ target, pool, organization }, range, proof) {
  const own =
    'token' in proof
      ? { VerificationMethod: 'dns-token', IpamExternalResourceVerificationTokenId: proof.token }
      : {
          CidrAuthorizationContext: { Message: proof.authorization.message, Signature: proof.authorization.signature },
        };
  return target === 'ec2'
    ? { operation: 'ProvisionByoipCidr', input: { Cidr: range, Description: `${range} of ${organization}`, ...own } }
    : { operation: 'ProvisionIpamPoolCidr', input: { IpamPoolId: pool, Cidr: range, ...own } };
}

/** @param {string} range @returns {Call} */
export function advertiseCall(range) {
  return { operation: 'AdvertiseByoipCidr', input: { Cidr: range } };
}

/** @param {string} range @returns {Call} */
export function withdrawCall(range) {
  return { operation: 'WithdrawByoipCidr', input: { Cidr: range } };
}

/** @param {ByoipPlan} plan @param {string} range @returns {Call} */
export function deprovisionCall({ target, pool }, range) {
  return target === 'ec2'
    ? { operation: 'DeprovisionByoipCidr', input: { Cidr: range } }
    : { operation: 'DeprovisionIpamPoolCidr', input: { IpamPoolId: pool, Cidr: range } };
}

/** @param {ByoipPlan} plan @returns {Call} */
export function tokenCall({ ipam }) {
  return { operation: 'CreateIpamExternalResourceVerificationToken', input: { IpamId: ipam } };
}

/**
 * A call as it may be shown: an authorisation lets its account announce the range.
 *
 * @param {Call} call
 * @returns {Call}
 */
export function shownCall({ operation, input }) {
  const context = input.CidrAuthorizationContext;
  if (context === undefined) return { operation, input };
  const Signature = `${context.Signature.length} characters`;
  return { operation, input: { ...input, CidrAuthorizationContext: { ...context, Signature } } };
}
