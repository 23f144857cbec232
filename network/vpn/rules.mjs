/** What AWS and Alibaba Cloud each take, as far as the two differ or reserve something. */
import { range } from '../address.mjs';

/** Inside ranges that AWS keeps (EC2 API, VpnTunnelOptionsSpecification, TunnelInsideCidr). */
const RESERVED_BY_AWS = [
  '169.254.0.0/30',
  '169.254.1.0/30',
  '169.254.2.0/30',
  '169.254.3.0/30',
  '169.254.4.0/30',
  '169.254.5.0/30',
  '169.254.169.252/30',
];

/** Alibaba Cloud's are the same and one more (CreateVpnConnection, TunnelBgpConfig.TunnelCidr). */
const RESERVED_BY_ALIBABA = [...RESERVED_BY_AWS, '169.254.6.0/30'];

/** @type {[string, import('../address.mjs').Range[]][]} */
export const RESERVED_TUNNELS = [
  ['AWS', RESERVED_BY_AWS.map(range)],
  ['Alibaba Cloud', RESERVED_BY_ALIBABA.map(range)],
];

export const LINK_LOCAL = range('169.254.0.0/16');

/** Ranges that a VPC can't have on the side that is named, or that never arrive there. */
export const UNUSABLE = Object.freeze([
  { range: LINK_LOCAL, why: 'link-local addresses, which the tunnels have' },
  { range: range('100.64.0.0/10'), why: "the range of Alibaba Cloud's own services" },
  { range: range('127.0.0.0/8'), why: 'loopback addresses' },
  { range: range('224.0.0.0/3'), why: 'multicast and reserved addresses' },
  { range: range('0.0.0.0/8'), why: 'addresses of this network (RFC 1122)' },
]);

/** Sizes of a VPC and of its parts: the longest and the shortest prefix. */
export const SIZES = {
  aws: { vpc: [16, 28], subnet: [16, 28] },
  alibaba: { vpc: [8, 28], subnet: [16, 29] },
};

/** Autonomous systems that can't be on either side, with the reason. @type {[number, number, string][]} */
export const RESERVED_ASNS = [
  [45104, 45104, "Alibaba Cloud's own, reserved there"],
  [7224, 7224, "AWS's own, reserved in us-east-1"],
  [9059, 9059, "AWS's own, reserved in eu-west-1"],
  [10124, 10124, "AWS's own, reserved in ap-northeast-1"],
  [17943, 17943, "AWS's own, reserved in ap-southeast-1"],
  [16509, 16509, "AWS's own"],
  [14618, 14618, "AWS's own"],
  [23456, 23456, 'AS_TRANS (RFC 6793)'],
  [64496, 64511, 'for documentation (RFC 5398)'],
  [65535, 65535, 'reserved (RFC 7300)'],
  [65536, 65551, 'for documentation (RFC 5398)'],
];

/** What a gateway of AWS may have (EC2 API, CreateVpnGateway, AmazonSideAsn). */
export const PRIVATE_ASNS = [
  [64512, 65534],
  [4200000000, 4294967294],
];

/**
 * A pre-shared key that both take. AWS: 8 to 64 letters, digits, periods and underscores, not a zero first. Alibaba
 * Cloud: 1 to 100 characters, of which these are some.
 */
export const PRE_SHARED_KEY = /^(?!0)[A-Za-z0-9._]{8,64}$/u;

/** Mainland China, from which Alibaba Cloud's VPN Gateway makes no connection to elsewhere, nor the other way. */
export const isMainland = {
  alibaba: (/** @type {string} */ region) => region.startsWith('cn-') && region !== 'cn-hongkong',
  aws: (/** @type {string} */ region) => region.startsWith('cn-'),
};

/** How each side spells an algorithm. */
export const SPELLING = {
  encryption: {
    aes128: { aws: 'AES128', alibaba: 'aes' },
    aes256: { aws: 'AES256', alibaba: 'aes256' },
  },
  integrity: {
    sha1: { aws: 'SHA1', alibaba: 'sha1' },
    sha256: { aws: 'SHA2-256', alibaba: 'sha256' },
    sha384: { aws: 'SHA2-384', alibaba: 'sha384' },
    sha512: { aws: 'SHA2-512', alibaba: 'sha512' },
  },
};
