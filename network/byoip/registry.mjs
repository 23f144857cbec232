/** What the internet registries say of a range, by RDAP (RFC 9083), and where each of them has a certificate. */
import { X509Certificate } from 'node:crypto';

import ipaddr from 'ipaddr.js';

import { parseRange } from '../address.mjs';
import { finding } from '../finding.mjs';

/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../finding.mjs').Finding} Finding */

/**
 * Where the certificate goes, which remark of the answer it then is in, and which kinds of range AWS takes (Amazon EC2
 * User Guide, "Prerequisites for BYOIP").
 *
 * @type {Record<ByoipPlan['registry'], { rdap: string, where: string, title?: RegExp, types: string[] }>}
 */
export const REGISTRIES = {
  arin: {
    rdap: 'https://rdap.arin.net/registry/ip/',
    where: 'Public Comments of the network (not of the organisation), in ARIN Online',
    types: ['DIRECT ALLOCATION', 'DIRECT ASSIGNMENT'],
  },
  ripe: {
    rdap: 'https://rdap.db.ripe.net/ip/',
    where: 'a new `descr` of the inetnum or inet6num (not `remarks`, not of the organisation), in the RIPE Database',
    types: ['ALLOCATED PA', 'LEGACY', 'ASSIGNED PI', 'ALLOCATED-BY-RIR'],
  },
  apnic: {
    rdap: 'https://rdap.apnic.net/ip/',
    where: '`remarks` of the inetnum or inet6num, in MyAPNIC',
    title: /^remarks$/iu,
    types: ['ALLOCATED PORTABLE', 'ASSIGNED PORTABLE'],
  },
};

/** What kind of addresses they are, as in `unicast` or `private`. @param {import('../address.mjs').Range} range */
export function ipKind({ address }) {
  return address.range();
}

/** The certificate on one line, as the registries want it. @param {string} pem */
export function onOneLine(pem) {
  return pem.replaceAll(/\s*\n\s*/gu, '').trim();
}

/**
 * @param {ByoipPlan} plan
 * @param {string} rangeText
 * @param {any} answer of RDAP
 * @param {{ own: X509Certificate | undefined, now: number }} known `own` is the certificate of our key, and undefined
 *   with a DNS token
 * @returns {Finding[]}
 */
export function registryFindings({ registry }, rangeText, answer, { own, now }) {
  const { types, where, title } = REGISTRIES[registry];
  const what = `${rangeText} at ${registry.toUpperCase()}`;
  if (answer?.objectClassName !== 'ip network') {
    const found = answer?.title ?? answer?.objectClassName ?? 'something else';
    return [finding(what, false, String(found), 'expected the answer of RDAP about an "ip network"')];
  }
  const isCovered = covers(answer, rangeText);
  const type = String(answer.type ?? 'not said').toUpperCase();
  const status = (answer.status ?? []).join(', ');
  return [
    finding(
      what,
      isCovered,
      `${answer.handle}, ${answer.startAddress} to ${answer.endAddress}, ${answer.name ?? 'without a name'}`,
      'ask for this range, at the registry that has it',
    ),
    finding(
      `${what}: its kind`,
      types.includes(type) && !/inactive|removed|obscured/u.test(status),
      status === '' ? type : `${type}, ${status}`,
      `AWS takes ${types.join(', ')}, registered to you and not to your provider`,
    ),
    ...(own === undefined ? [] : [certificateFinding(what, answer, { own, now, where, title })]),
  ];
}

/** @param {any} answer @param {string} rangeText */
function covers({ startAddress, endAddress }, rangeText) {
  const range = parseRange(rangeText);
  const bounds = [startAddress, endAddress].map((text) =>
    ipaddr.isValid(String(text)) ? ipaddr.parse(text) : undefined,
  );
  if (range === undefined || bounds.some((one) => one?.kind() !== range.address.kind())) return false;
  const family = range.address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const last =
    range.address.kind() === 'ipv4'
      ? ipaddr.IPv4.broadcastAddressFromCIDR(rangeText)
      : ipaddr.IPv6.broadcastAddressFromCIDR(rangeText);
  const first = family.networkAddressFromCIDR(rangeText);
  const [start, end, from, to] = [...bounds, first, last].map((address) =>
    Buffer.from(/** @type {any} */ (address).toByteArray()),
  );
  return Buffer.compare(start, from) <= 0 && Buffer.compare(to, end) <= 0;
}

/**
 * @param {string} what @param {any} answer
 * @param {{ own: X509Certificate, now: number, where: string, title: RegExp | undefined }} known
 * @returns {Finding}
 */
function certificateFinding(what, answer, { own, now, where, title }) {
  const name = `${what}: the certificate`;
  const remarks = /** @type {any[]} */ (answer.remarks ?? []).filter(
    (/** @type {any} */ one) => title === undefined || one.title === undefined || title.test(one.title),
  );
  const lines = remarks.flatMap(({ description = /** @type {unknown[]} */ ([]) }) => description).map(String);
  const whole = lines.filter((/** @type {string} */ line) => BEGIN.test(line) && END.test(line));
  const certificates = whole.map(readCertificate);
  const ours = certificates.find((one) => one !== undefined && samePublicKey(one, own));
  if (ours !== undefined) {
    const isValid = now >= Date.parse(ours.validFrom) && now < Date.parse(ours.validTo);
    return finding(
      name,
      isValid,
      `of our key, until ${ours.validTo}`,
      'make a new one with `prepare`, and put it there',
    );
  }
  if (certificates.some((one) => one !== undefined)) {
    return finding(name, false, 'of another key', `put certificate.txt into ${where}`);
  }
  if (whole.length > 0) return finding(name, false, 'damaged', `put certificate.txt there again, into ${where}`);
  if (lines.some((/** @type {string} */ line) => BEGIN.test(line))) {
    return finding(name, false, 'on several lines', `put it on one line, as in certificate.txt, into ${where}`);
  }
  const elsewhere = BEGIN.test(JSON.stringify(answer));
  return finding(
    name,
    false,
    elsewhere ? 'at another place of the answer' : 'none',
    `put certificate.txt into ${where}`,
  );
}

const BEGIN = /-----BEGIN CERTIFICATE-----/u;
const END = /-----END CERTIFICATE-----/u;

/** @param {string} line @returns {X509Certificate | undefined} undefined if it isn't as it was signed */
function readCertificate(line) {
  const [, base64] = /-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=]+)\s*-----END CERTIFICATE-----/u.exec(line) ?? [];
  try {
    if (base64 === undefined) return undefined;
    const certificate = new X509Certificate(Buffer.from(base64, 'base64'));
    return certificate.verify(certificate.publicKey) ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** @param {X509Certificate} one @param {X509Certificate} other */
function samePublicKey(one, other) {
  return one.publicKey.equals(other.publicKey);
}
