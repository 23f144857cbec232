// Prints a plan, and what to do next.

import { join } from 'node:path';

import { keySecretName } from '../../network/vpn/plan.mjs';
import { table } from '../table.mjs';

/** @typedef {import('../../network/vpn/plan.mjs').VpnPlan} VpnPlan */

/** @param {VpnPlan} plan */
export function shown({ routing, aws, alibaba, tunnels, ike, ipsec, dpdTimeoutSeconds }) {
  const known = (/** @type {string | undefined} */ address) => address ?? 'not known yet';
  const phase = (/** @type {import('../../network/vpn/plan.mjs').Phase} */ one) =>
    `${one.encryption}, ${one.integrity}, group ${one.dhGroup}, ${one.lifetimeSeconds} s`;
  const rows = [
    ['', 'Region', alibaba.region, aws.region],
    ['', 'VPC', alibaba.ranges.join(', '), aws.ranges.join(', ')],
    ['', 'routing', routing, routing === 'bgp' ? '' : `${alibaba.ranges.join(', ')} by hand`],
    ...(routing === 'bgp' ? [['', 'ASN', String(alibaba.asn), String(aws.asn)]] : []),
    ...tunnels.flatMap(({ number, role, range, awsInside, alibabaInside, awsOutside, alibabaOutside }) => [
      [`tunnel ${number}`, 'outside', known(alibabaOutside), known(awsOutside)],
      [`(${role})`, `inside, of ${range}`, alibabaInside, awsInside],
    ]),
  ];
  return `${table(['', '', 'Alibaba Cloud', 'AWS'], rows)}

${ike.version}: ${phase(ike)}
IPsec: ${phase(ipsec)}; a dead peer after ${dpdTimeoutSeconds} s
`;
}

/** @param {VpnPlan} plan @param {string} out @param {string} keysFile in it */
export function nextSteps(plan, out, keysFile) {
  const { aws, alibaba, tunnels } = plan;
  if (alibaba.addresses === undefined) {
    return `Next: make Alibaba Cloud's gateway, and write its two addresses into alibaba.addresses.
  terraform -chdir=${out} init && terraform -chdir=${out} apply
`;
  }
  if (tunnels.some(({ awsOutside }) => awsOutside === undefined)) {
    return `Next: give AWS the keys, make its side, and save both connections' configuration for --aws-configuration.
  aws secretsmanager create-secret --region ${aws.region} --name ${keySecretName(plan)} \\
    --secret-string file://${join(out, keysFile)}
  aws cloudformation deploy --region ${aws.region} --stack-name ${plan.name} \\
    --template-file ${join(out, 'aws.template.json')}
  (umask 077; aws ec2 describe-vpn-connections --region ${aws.region} --vpn-connection-ids ID \\
    --query 'VpnConnections[0].CustomerGatewayConfiguration' --output text >1.xml)
`;
  }
  return `Next: make the rest of Alibaba Cloud's side, then look at both.
  terraform -chdir=${out} apply
  aws ec2 describe-vpn-connections --region ${aws.region} | oss-edge network vpn verify --config … --connections -
`;
}
