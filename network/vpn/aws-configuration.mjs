/**
 * What AWS generates for the other end of a VPN connection: the XML that the EC2 API has as
 * `CustomerGatewayConfiguration`, or the text "Generic" of the console. Only addresses, ASNs and keys are read: the
 * text names the least algorithms that AWS takes, not those of the connection.
 */
import { SaxesParser } from 'saxes';

/**
 * @typedef {object} TunnelEnd
 * @property {string} awsOutside
 * @property {string} awsInside
 * @property {string} customerOutside
 * @property {string} customerInside
 * @property {string} key
 * @property {string} [awsAsn]
 * @property {string} [customerAsn]
 */

/**
 * @param {string} text
 * @returns {TunnelEnd[]}
 * @throws {Error} when it is neither, without quoting it
 */
export function readAwsConfiguration(text) {
  const ends = text.trimStart().startsWith('<') ? readXml(text) : readGeneric(text);
  if (ends.length === 0) throw new Error('expected the XML or the "Generic" text of a VPN connection, found no tunnel');
  for (const end of ends) {
    const missing = ['awsOutside', 'awsInside', 'customerInside', 'key'].find(
      (name) => !(/** @type {any} */ (end)[name]),
    );
    if (missing !== undefined) throw new Error(`expected ${WORDS[missing]} for each tunnel, found none`);
  }
  return ends;
}

/** @type {Record<string, string>} */
const WORDS = {
  awsOutside: "AWS's outside address",
  awsInside: "AWS's inside address",
  customerInside: "the customer gateway's inside address",
  key: 'a pre-shared key',
};

/** Paths below `ipsec_tunnel`. @type {Record<string, keyof TunnelEnd>} */
const ELEMENTS = {
  'vpn_gateway/tunnel_outside_address/ip_address': 'awsOutside',
  'vpn_gateway/tunnel_inside_address/ip_address': 'awsInside',
  'vpn_gateway/bgp/asn': 'awsAsn',
  'customer_gateway/tunnel_outside_address/ip_address': 'customerOutside',
  'customer_gateway/tunnel_inside_address/ip_address': 'customerInside',
  'customer_gateway/bgp/asn': 'customerAsn',
  'ike/pre_shared_key': 'key',
};

/** @param {string} text @returns {TunnelEnd[]} */
function readXml(text) {
  /** @type {any[]} */
  const ends = [];
  /** @type {string[]} */
  const path = [];
  let content = '';
  const parser = new SaxesParser();
  parser.on('error', () => {
    throw new Error('expected XML that is well-formed');
  });
  parser.on('opentag', ({ name }) => {
    path.push(name);
    content = '';
    if (name === 'ipsec_tunnel') ends.push({});
  });
  parser.on('text', (part) => {
    content += part;
  });
  parser.on('closetag', () => {
    const start = path.indexOf('ipsec_tunnel');
    if (start >= 0) set(ends.at(-1), ELEMENTS[path.slice(start + 1).join('/')], content.trim());
    path.pop();
    content = '';
  });
  parser.write(text).close();
  return ends;
}

/**
 * Lines of the text, by the heading above them: some labels are there twice.
 *
 * @type {[string, RegExp, keyof TunnelEnd][]}
 */
const LINES = [
  ['#1', /^Pre-Shared Key$/u, 'key'],
  ['Outside', /^Customer Gateway:?$/u, 'customerOutside'],
  ['Outside', /^Virtual Private Gateway$/u, 'awsOutside'],
  ['Inside', /^Customer Gateway$/u, 'customerInside'],
  ['Inside', /^Virtual Private Gateway$/u, 'awsInside'],
  ['#4', /^Customer Gateway ASN$/u, 'customerAsn'],
  ['#4', /^Virtual Private\s+Gateway ASN$/u, 'awsAsn'],
];

/** @param {string} text @returns {TunnelEnd[]} */
function readGeneric(text) {
  /** @type {any[]} */
  const ends = [];
  let heading = '';
  for (const line of text.split(/\r?\n/u)) {
    if (/^\s*IPSec Tunnel #\d+/iu.test(line)) ends.push({});
    heading = /^\s*(#\d|Outside|Inside)(?: IP Addresses|:)/u.exec(line)?.[1] ?? heading;
    const [, label, value] = /^\s*-\s+(.*?)\s*:?\s*:\s+(\S+)/u.exec(line) ?? [];
    const field = LINES.find(([under, pattern]) => under === heading && pattern.test(label?.trim() ?? ''))?.[2];
    if (label !== undefined && ends.length > 0) set(ends.at(-1), field, value);
  }
  return ends;
}

/** @param {any} end @param {keyof TunnelEnd | undefined} field @param {string} value */
function set(end, field, value) {
  if (field === undefined || end[field] !== undefined) return;
  end[field] = value.replace(/\/\d+$/u, '');
}
