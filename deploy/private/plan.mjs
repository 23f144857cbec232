/** What a private entrance consists of: its document and the gateway's configuration, with each choice made. */
import { BlockList } from 'node:net';

import { pascal } from '../templates/cfn.mjs';

/**
 * @typedef {{ existing?: boolean, kmsKey?: string }} BucketChoice
 * @typedef {object} Provider
 * @property {string} account
 * @property {string} region
 * @property {string} vpc
 * @property {string[]} ranges
 * @property {string[]} subnets
 * @property {string[]} routeTables
 * @property {string} s3PrefixList
 * @property {string} [s3Endpoint]
 * @property {'create' | 'existing'} [awsEndpoints]
 * @property {string} repository
 * @property {number} [tasks]
 * @property {{ endedBy: 'load-balancer' | 'relay' | 'nobody', certificate?: string }} tls
 * @property {number} [logDays]
 * @property {string} [accessLogBucket]
 * @property {Record<string, BucketChoice>} [buckets]
 *
 * @typedef {{ domain: string, privateDnsName?: boolean, allowedPrincipals: string[], acceptance?: 'manual' | 'automatic',
 *   alarmEmail?: string }} Service
 * @typedef {{ name: string, account: string, region: string, vpc: string, ranges: string[], subnets: string[],
 *   dns?: 'hosted-zone' | 'private-dns-name' }} Consumer
 * @typedef {{ domain: string, certificate: string, endpoints: string[] }} Api
 *
 * @typedef {{ name: string, provider: Provider, service: Service, consumers?: Consumer[], api?: Api,
 *   resource?: { address: string, port: number } }} PrivateDocument that a JSON Schema has checked
 *
 * @typedef {object} PrivatePlan
 * @property {any} config the gateway's
 * @property {string} name
 * @property {Provider & { awsEndpoints: string, tasks: number, logDays: number }} provider
 * @property {Service} service
 * @property {Consumer[]} consumers
 * @property {Api} [api]
 * @property {{ address: string, port: number }} [resource]
 * @property {number} port that consumers use
 * @property {import('../plan.mjs').Bucket[]} buckets
 */

/**
 * @param {PrivateDocument} document
 * @param {any} config checked by the core
 * @returns {PrivatePlan}
 * @throws {Error} with the field's path, what was found and what was expected
 */
export function privatePlanOf(document, config) {
  const { name, provider, service, consumers = [], api, resource } = document;
  checkRanges(document);
  checkGateway(config, document);
  if (provider.accessLogBucket !== undefined && provider.tls.endedBy !== 'load-balancer') {
    throw fault('provider.accessLogBucket', 'none unless the load balancer ends TLS: it logs nothing else', provider.accessLogBucket);
  }
  checkHost(config, 'service.domain', service.domain);
  checkNames(consumers);
  for (const [index, { dns, account }] of consumers.entries()) {
    if (dns === 'private-dns-name' && service.privateDnsName !== true) {
      throw fault(`consumers[${index}].dns`, '"hosted-zone" where `service.privateDnsName` is not true', dns);
    }
    if (!service.allowedPrincipals.some((principal) => principal.split(':')[4] === account)) {
      throw fault(`consumers[${index}].account`, 'one of whose principals `service.allowedPrincipals` has some', account);
    }
  }
  if (api) {
    const isCname = config.hosts.some((/** @type {any} */ one) => one.host === api.domain && one.style === 'cname');
    if (!isCname) throw fault('api.domain', "one of the configuration's `hosts` of style \"cname\"", api.domain);
    if (provider.tls.endedBy === 'nobody') throw fault('provider.tls.endedBy', '"load-balancer" or "relay" with an `api`', 'nobody');
  }
  return {
    config,
    name,
    provider: { awsEndpoints: 'create', tasks: 2, logDays: 30, ...provider },
    service,
    consumers,
    api,
    resource,
    port: provider.tls.endedBy === 'nobody' ? 80 : 443,
    buckets: bucketsOf(config, provider),
  };
}

/** @param {any} config @param {PrivateDocument} document */
function checkGateway({ entrance, listener = {} }, { provider }) {
  if (entrance !== 'relay') throw new Error(`config: entrance: expected "relay", found ${JSON.stringify(entrance ?? 'cloudfront')}`);
  const { clientAddress = 'socket', trustedProxies = [], tls } = listener;
  if (clientAddress !== 'proxy-protocol') {
    throw new Error(`config: listener.clientAddress: expected "proxy-protocol", which the load balancer sends, found "${clientAddress}"`);
  }
  const outside = trustedProxies.find((/** @type {string} */ range) => !provider.ranges.some((one) => contains(one, range)));
  if (outside !== undefined) {
    throw new Error(`config: listener.trustedProxies: expected ranges in \`provider.ranges\` alone, where the load balancer is, found ${outside}`);
  }
  if ((provider.tls.endedBy === 'relay') !== (tls !== undefined)) {
    const expected = tls === undefined ? 'a certificate and key, as `provider.tls` has the relay end TLS' : 'none, as `provider.tls` has another end TLS';
    throw new Error(`config: listener.tls: expected ${expected}`);
  }
}

/** Ranges as one host has them: no bits beyond the prefix. @param {PrivateDocument} document */
function checkRanges({ provider, consumers = [], resource }) {
  const all = [['provider.ranges', provider.ranges], ...consumers.map(({ ranges }, index) => [`consumers[${index}].ranges`, ranges])];
  for (const [path, ranges] of /** @type {[string, string[]][]} */ (all)) {
    for (const [index, range] of ranges.entries()) {
      if (!isRange(range)) throw fault(`${path}[${index}]`, 'a range of IPv4 without bits beyond its prefix, as in `10.0.0.0/16`', range);
    }
  }
  if (resource && !isRange(`${resource.address}/32`)) throw fault('resource.address', 'an IPv4 address', resource.address);
  if (resource && provider.ranges.some((range) => contains(range, resource.address))) {
    throw fault('resource.address', 'an address outside of `provider.ranges`: within the VPC the endpoint service does it', resource.address);
  }
}

/** @param {Consumer[]} consumers */
function checkNames(consumers) {
  const twice = consumers.findIndex(({ name }, index) => consumers.findIndex((one) => one.name === name) !== index);
  if (twice >= 0) throw fault(`consumers[${twice}].name`, 'a name that no other consumer has', consumers[twice].name);
}

/** Whether devices that ask for the name are known. @param {any} config @param {string} path @param {string} domain */
function checkHost({ hosts }, path, domain) {
  const isKnown = hosts.some((/** @type {any} */ { host }) => host === domain || host === `*.${domain}`);
  if (!isKnown) throw fault(path, "one of the configuration's `hosts`, or the endpoint of one", domain);
}

/** @param {any} config @param {Provider} provider @returns {import('../plan.mjs').Bucket[]} */
function bucketsOf(config, { region, buckets: chosen = {} }) {
  for (const name of Object.keys(chosen)) {
    if (!(name in config.buckets)) throw fault(`provider.buckets.${name}`, `one of ${Object.keys(config.buckets).join(', ')}`, name);
  }
  return Object.entries(config.buckets).map(([name, { s3Bucket, region: ofBucket }]) => {
    // A gateway endpoint reaches its own Region.
    if (ofBucket !== region) throw new Error(`config: buckets.${name}.region: expected ${region}, that of \`provider\`, found ${ofBucket}`);
    const { existing = false, kmsKey } = chosen[name] ?? {};
    return { name, id: pascal(name), s3Bucket, region: ofBucket, aliases: [], existing, versioning: true, kmsKey };
  });
}

/** @param {string} range @param {string} other an address or a range */
function contains(range, other) {
  const [address, length] = range.split('/');
  const [start, otherLength = '32'] = other.split('/');
  const list = new BlockList();
  list.addSubnet(address, Number(length));
  return Number(otherLength) >= Number(length) && list.check(start);
}

/** @param {string} range */
function isRange(range) {
  const [address, length] = range.split('/');
  const octets = address.split('.').map(Number);
  if (octets.some((octet) => octet > 255)) return false;
  const bits = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return bits % 2 ** (32 - Number(length)) === 0;
}

/** @param {string} path @param {string} expected @param {unknown} found */
function fault(path, expected, found) {
  return new Error(`private: ${path}: expected ${expected}, found ${JSON.stringify(found)}`);
}
