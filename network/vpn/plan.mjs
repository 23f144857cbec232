/**
 * The plan of two tunnels between a VPC of Alibaba Cloud and one of AWS: one set of numbers, from which both sides are
 * written.
 *
 * Alibaba Cloud's gateway has two addresses with one tunnel each. A VPN connection of AWS has one address of the other
 * side and two tunnels. So AWS gets two connections, and of each the second tunnel stays unused.
 */
import { hostsOf } from '../address.mjs';
import { faultsOf, warningsOf } from './checks.mjs';

/** @typedef {'aes128' | 'aes256'} Encryption */
/** @typedef {'sha1' | 'sha256' | 'sha384' | 'sha512'} Integrity */
/** @typedef {{ encryption: Encryption, integrity: Integrity, dhGroup: number, lifetimeSeconds: number }} Phase */
/** @typedef {{ id: string, range: string, zone: string }} VSwitch */
/**
 * @typedef {object} AwsSide
 * @property {string} region
 * @property {number} asn
 * @property {{ type: 'vpn-gateway' | 'transit-gateway', id?: string }} gateway
 * @property {string} vpc
 * @property {string[]} ranges
 * @property {string[]} subnets
 * @property {string[]} routeTables
 * @property {string} [alarmTopic]
 *
 * @typedef {object} AlibabaSide
 * @property {string} region
 * @property {number} asn
 * @property {string} vpc
 * @property {string[]} ranges
 * @property {VSwitch[]} vSwitches
 * @property {string} [gateway]
 * @property {number} bandwidthMbps
 * @property {'PayAsYouGo' | 'Subscription'} paymentType
 * @property {[string, string]} [addresses]
 *
 * @typedef {object} Tunnel
 * @property {1 | 2} number
 * @property {'master' | 'slave'} role on Alibaba Cloud's side
 * @property {string} range
 * @property {string} awsInside
 * @property {string} alibabaInside
 * @property {string} [awsOutside] once the connection is there
 * @property {string} [alibabaOutside] once the gateway is there
 *
 * @typedef {object} VpnPlan
 * @property {string} name
 * @property {'bgp' | 'static'} routing
 * @property {AwsSide} aws
 * @property {AlibabaSide} alibaba
 * @property {[Tunnel, Tunnel]} tunnels
 * @property {Phase & { version: 'ikev1' | 'ikev2' }} ike
 * @property {Phase} ipsec
 * @property {number} dpdTimeoutSeconds
 * @property {string[]} warnings
 */

const PHASE = { encryption: /** @type {const} */ ('aes256'), integrity: /** @type {const} */ ('sha256'), dhGroup: 14 };

/**
 * @param {any} document vpn.json, which its JSON Schema has checked
 * @param {(string | undefined)[]} [awsOutside] addresses of the two tunnels' ends at AWS
 * @returns {VpnPlan}
 * @throws {Error} a line for each fault, with the field's path, what was found and what was expected
 */
export function vpnPlanOf(document, awsOutside = []) {
  const plan = withDefaults(document, awsOutside);
  const faults = faultsOf(plan);
  if (faults.length > 0) throw new Error(faults.map((fault) => `vpn: ${fault}`).join('\n'));
  return {
    ...plan,
    tunnels: /** @type {[Tunnel, Tunnel]} */ (plan.tunnels.map(withAddresses)),
    warnings: warningsOf(plan),
  };
}

/** The name of the secret in Secrets Manager from which AWS's side takes the keys. @param {VpnPlan} plan */
export const keySecretName = ({ name }) => `${name}-pre-shared-keys`;

/** What the keys of the two tunnels are called, in the secret as in Terraform. @param {Tunnel} tunnel */
export const keyName = ({ number }) => /** @type {const} */ (`tunnel${number}_key`);

/**
 * @param {any} document @param {(string | undefined)[]} awsOutside
 * @returns {VpnPlan} whose tunnels have no inside addresses yet
 */
function withDefaults({ aws, alibaba, ike, ipsec, ...rest }, awsOutside) {
  const tunnels = rest.tunnels ?? ['169.254.116.208/30', '169.254.214.96/30'];
  return {
    name: rest.name ?? 'oss-edge-vpn',
    routing: rest.routing ?? 'bgp',
    aws: { asn: 64512, gateway: { type: 'vpn-gateway' }, subnets: [], ...aws },
    alibaba: { asn: 65530, bandwidthMbps: 10, paymentType: 'PayAsYouGo', ...alibaba },
    tunnels: tunnels.map((/** @type {string} */ range, /** @type {number} */ index) => ({
      number: index + 1,
      role: index === 0 ? 'master' : 'slave',
      range,
      awsInside: '',
      alibabaInside: '',
      ...(awsOutside[index] === undefined ? {} : { awsOutside: awsOutside[index] }),
      ...(alibaba.addresses === undefined ? {} : { alibabaOutside: alibaba.addresses[index] }),
    })),
    ike: { version: 'ikev2', ...PHASE, lifetimeSeconds: 28_800, ...ike },
    ipsec: { ...PHASE, lifetimeSeconds: 3600, ...ipsec },
    dpdTimeoutSeconds: rest.dpdTimeoutSeconds ?? 30,
    warnings: [],
  };
}

/** AWS's end has the first address of the range, as AWS itself gives them out. @param {Tunnel} tunnel */
function withAddresses(tunnel) {
  const [awsInside, alibabaInside] = hostsOf(tunnel.range);
  return { ...tunnel, awsInside, alibabaInside };
}
