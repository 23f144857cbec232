// Those whom `oss-edge network byoip` asks: a registry by RDAP (RFC 9083, as ARIN, RIPE and APNIC answer), a Routinator, and
// EC2's API over HTTP, so that the SDK's own serialisers are at work. Requests to EC2 are checked by AWS's service models.

import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';

import { ACCOUNT, AwsError, escaped } from '../deploy/fake-answers.mjs';
import { checkInput, modelOf } from '../deploy/service-model.mjs';

export class FakeInternet {
  /** Calls of EC2 that change something, in order. @type {{ operation: string, input: any }[]} */
  calls = [];
  /** By range. @type {Map<string, { state: string, message?: string, pool?: string }>} */
  ranges = new Map();
  /** RDAP's answers by range. @type {Map<string, any>} */
  networks = new Map();
  /** @type {{ asn: number, prefix: string, maxLength: number }[]} */
  vrps = [];
  /** By id. @type {Map<string, any>} */
  pools = new Map();
  /** Whom the credentials are of. */
  account = ACCOUNT;
  /** How old the validator's answers are. */
  validatorAgeHours = 0;
  #server = http.createServer((request, response) => void this.#answer(request, response));
  endpoint = '';

  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    this.endpoint = `http://127.0.0.1:${port}`;
    return this;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #answer(request, response) {
    const url = decodeURIComponent(request.url ?? '');
    const [, asn, prefix] = /^\/api\/v1\/validity\/AS(\d+)\/(.+)$/u.exec(url) ?? [];
    if (url.startsWith('/rdap/')) return this.#rdap(url.slice('/rdap/'.length), response);
    if (asn !== undefined) return json(response, 200, this.#validity(Number(asn), prefix));
    const form = new URLSearchParams(await text(request));
    try {
      const operation = String(form.get('Action'));
      if (operation === 'GetCallerIdentity') {
        return xml(response, 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${this.account}</Account><Arn>a</Arn><UserId>u</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`);
      }
      xml(response, 200, `<${operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>${this.#ec2(operation, inputOf(operation, form))}</${operation}Response>`);
    } catch (error) {
      const { code = 'InternalError', message, status = 500 } = /** @type {any} */ (error);
      xml(response, status === 500 ? 400 : status, `<Response><Errors><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>r</RequestID></Response>`);
    }
  }

  /** @param {string} range @param {http.ServerResponse} response */
  #rdap(range, response) {
    const network = this.networks.get(range);
    if (typeof network === 'string') return void response.writeHead(301, { location: network }).end();
    const none = { errorCode: 404, title: 'Not Found', description: ['no network'] };
    json(response, network === undefined ? 404 : 200, network ?? none, 'application/rdap+json');
  }

  /** As Routinator 0.14 answers. @param {number} asn @param {string} prefix */
  #validity(asn, prefix) {
    const bits = Number(prefix.split('/')[1]);
    const covering = this.vrps.filter((vrp) => vrp.prefix === prefix || isIn(prefix, vrp.prefix));
    const shown = (/** @type {any[]} */ vrps) => vrps.map((vrp) => ({ asn: `AS${vrp.asn}`, prefix: vrp.prefix, max_length: String(vrp.maxLength) }));
    const matched = covering.filter((vrp) => vrp.asn === asn && bits <= vrp.maxLength);
    const longer = covering.filter((vrp) => vrp.asn === asn && bits > vrp.maxLength);
    const state = matched.length > 0 ? 'valid' : covering.length > 0 ? 'invalid' : 'not-found';
    return {
      validated_route: {
        route: { origin_asn: `AS${asn}`, prefix },
        validity: { state, description: '', VRPs: { matched: shown(matched), unmatched_as: shown(covering.filter((vrp) => vrp.asn !== asn)), unmatched_length: shown(longer) } },
      },
      generatedTime: new Date(Date.now() - this.validatorAgeHours * 3_600_000).toISOString(),
    };
  }

  /** @param {string} operation @param {any} input @returns {string} XML */
  #ec2(operation, input) {
    if (operation === 'DescribeByoipCidrs') {
      // What was asked for is there when somebody looks the next time.
      const shown = [...this.ranges].filter(([, { state, pool }]) => pool === undefined || !state.includes('provision')).map(([range, one]) => byoip(range, one));
      this.#settle();
      return `<byoipCidrSet>${shown.map((one) => `<item>${one}</item>`).join('')}</byoipCidrSet>`;
    }
    if (operation === 'GetIpamPoolCidrs') {
      const own = [...this.ranges].filter(([, { pool }]) => pool === input.IpamPoolId);
      return `<ipamPoolCidrSet>${own.map(([range, { state }]) => `<item><cidr>${range}</cidr><state>${state.includes('provision') ? state : 'provisioned'}</state></item>`).join('')}</ipamPoolCidrSet>`;
    }
    if (operation === 'DescribeIpamPools') {
      const pools = input.IpamPoolIds.filter((/** @type {string} */ id) => this.pools.has(id));
      return `<ipamPoolSet>${pools.map((/** @type {string} */ id) => `<item><ipamPoolId>${id}</ipamPoolId>${Object.entries(this.pools.get(id)).map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</item>`).join('')}</ipamPoolSet>`;
    }
    this.calls.push({ operation, input });
    if (operation === 'CreateIpamExternalResourceVerificationToken') {
      return `<ipamExternalResourceVerificationToken><ipamExternalResourceVerificationTokenId>ipam-ext-res-ver-token-0a</ipamExternalResourceVerificationTokenId><tokenName>86950620</tokenName><tokenValue>a34597c3</tokenValue><notAfter>2026-12-03T12:00:00Z</notAfter><state>create-complete</state></ipamExternalResourceVerificationToken>`;
    }
    const state = STATES_AFTER[operation];
    if (state === undefined) throw new AwsError('UnknownOperation', operation);
    const entry = { state, ...(input.IpamPoolId === undefined ? {} : { pool: input.IpamPoolId }) };
    this.ranges.set(input.Cidr, { ...this.ranges.get(input.Cidr), ...entry });
    return `<${operation.includes('IpamPool') ? 'ipamPoolCidr' : 'byoipCidr'}><cidr>${input.Cidr}</cidr><state>${state}</state></${operation.includes('IpamPool') ? 'ipamPoolCidr' : 'byoipCidr'}>`;
  }

  #settle() {
    for (const one of this.ranges.values()) one.state = ENDS[one.state] ?? one.state;
  }
}

/** @type {Record<string, string>} */
const STATES_AFTER = {
  ProvisionByoipCidr: 'pending-provision',
  ProvisionIpamPoolCidr: 'pending-provision',
  AdvertiseByoipCidr: 'advertised',
  WithdrawByoipCidr: 'pending-withdrawal',
  DeprovisionByoipCidr: 'pending-deprovision',
  DeprovisionIpamPoolCidr: 'pending-deprovision',
};

/** @type {Record<string, string>} */
const ENDS = { 'pending-provision': 'provisioned', 'pending-withdrawal': 'provisioned', 'pending-deprovision': 'deprovisioned' };

/** @param {string} range @param {{ state: string, message?: string }} one */
function byoip(range, { state, message }) {
  return `<cidr>${range}</cidr><state>${state}</state>${message === undefined ? '' : `<statusMessage>${escaped(message)}</statusMessage>`}`;
}

/** EC2's protocol: members by their `queryName` or `locationName`, lists numbered. @param {string} operation @param {URLSearchParams} form */
function inputOf(operation, form) {
  const { operations, shapes } = modelOf('ec2');
  const { members } = shapes[operations[operation].input.shape];
  const byName = new Map(Object.entries(members).map(([name, member]) => [/** @type {any} */ (member).queryName ?? capital(/** @type {any} */ (member).locationName ?? name), name]));
  const input = /** @type {any} */ ({});
  for (const [path, value] of form) {
    if (path === 'Action' || path === 'Version') continue;
    const [first, ...rest] = path.split('.');
    const name = byName.get(first);
    if (name === undefined) throw new Error(`${operation}: unknown member ${first}`);
    if (rest.length === 0) input[name] = /^\d+$/u.test(value) && name === 'MaxResults' ? Number(value) : value;
    else if (/^\d+$/u.test(rest[0])) (input[name] ??= []).push(value);
    else (input[name] ??= {})[rest[0]] = value;
  }
  checkInput('ec2', operation, input);
  return input;
}

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Of IPv4, whole octets. @param {string} inner @param {string} outer */
function isIn(inner, outer) {
  const number = (/** @type {string} */ address) => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const [[a, bitsA], [b, bitsB]] = [inner, outer].map((range) => range.split('/'));
  const size = 2 ** (32 - Number(bitsB));
  return Number(bitsA) >= Number(bitsB) && Math.floor(number(a) / size) === Math.floor(number(b) / size);
}

/** @param {http.ServerResponse} response @param {number} status @param {object} body @param {string} [type] */
function json(response, status, body, type = 'application/json') {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(body));
}

/** @param {http.ServerResponse} response @param {number} status @param {string} body */
function xml(response, status, body) {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
}

/**
 * A registry's answer about a network.
 *
 * @param {'arin' | 'ripe' | 'apnic'} registry
 * @param {{ start: string, end: string, lines?: string[], type?: string }} network `lines` are where the certificate goes
 */
export function networkOf(registry, { start, end, lines = [], type }) {
  const common = { rdapConformance: ['rdap_level_0'], objectClassName: 'ip network', startAddress: start, endAddress: end, ipVersion: start.includes(':') ? 'v6' : 'v4' };
  if (registry === 'arin') {
    return {
      ...common, handle: 'NET-147-1-2-0-1', name: 'EXAMPLE-1', type: type ?? 'DIRECT ALLOCATION', parentHandle: 'NET-147-0-0-0-0', status: ['active'],
      remarks: lines.length > 0 ? [{ title: 'Registration Comments', description: lines }] : [],
      entities: [{ objectClassName: 'entity', handle: 'EXAMP-1', roles: ['registrant'], remarks: [{ title: 'Registration Comments', description: ['https://example.com'] }] }],
    };
  }
  if (registry === 'ripe') {
    return { ...common, handle: `${start} - ${end}`, name: 'EXAMPLE-NET', country: 'DE', type: type ?? 'ASSIGNED PI', status: ['active'], remarks: [{ description: ['Example Ltd', ...lines] }], entities: [] };
  }
  return {
    ...common, handle: `${start} - ${end}`, name: 'EXAMPLE-AP', country: 'AU', type: type ?? 'ALLOCATED PORTABLE', status: ['active'],
    remarks: [{ title: 'description', description: ['Example Ltd'] }, ...(lines.length > 0 ? [{ title: 'remarks', description: lines }] : [])],
    entities: [],
  };
}
