/**
 * Whether an autonomous system may announce a range: route origin validation (RFC 6811) over the payloads that a
 * validator of the RPKI exports.
 */
import { covers, parseRange } from '../address.mjs';
import { finding } from '../finding.mjs';
import { AWS_ORIGINS } from './plan.mjs';

/** @typedef {import('../finding.mjs').Finding} Finding */
/** @typedef {import('./plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {{ asn: number, prefix: string, maxLength: number }} Vrp a validated ROA payload */
/**
 * @typedef {object} Export
 * @property {Vrp[]} vrps
 * @property {number} [generatedAt] milliseconds since the epoch
 * @property {{ asn: number, prefix: string }} [route] the only one that it is about, if it is a validity answer
 */

/**
 * @param {Vrp[]} vrps @param {number} asn @param {string} prefix
 * @returns {{ state: 'valid' | 'invalid' | 'not-found', reason: string }}
 */
export function originState(vrps, asn, prefix) {
  const route = parseRange(prefix);
  if (route === undefined) throw new Error(`expected a range, found ${prefix}`);
  const covering = vrps.filter((vrp) => {
    const range = parseRange(vrp.prefix);
    return range !== undefined && covers(range, route);
  });
  const shown = covering.map((vrp) => `AS${vrp.asn} ${vrp.prefix} up to /${vrp.maxLength}`).join(', ');
  if (covering.length === 0) return { state: 'not-found', reason: 'no ROA covers it' };
  const own = covering.filter((vrp) => vrp.asn === asn && asn !== 0);
  const match = own.find(({ maxLength }) => route.bits <= maxLength);
  if (match !== undefined) return { state: 'valid', reason: `${match.prefix} up to /${match.maxLength}` };
  return {
    state: 'invalid',
    reason: own.length > 0 ? `too long for its ROAs: ${shown}` : `only others are allowed: ${shown}`,
  };
}

/**
 * AWS's systems must be allowed before AWS announces a range, and the present one must stay allowed until then.
 *
 * @param {ByoipPlan} plan @param {string} range @param {Vrp[]} vrps
 * @returns {Finding[]}
 */
export function originFindings({ partition, presentOrigin }, range, vrps) {
  const parsed = /** @type {import('../address.mjs').Range} */ (parseRange(range));
  const of = (/** @type {number} */ asn) => {
    const { state, reason } = originState(vrps, asn, range);
    return finding(
      `${range} from AS${asn}`,
      state === 'valid',
      `${state}: ${reason}`,
      adviceFor(asn, state, range, parsed.bits),
    );
  };
  const origins = AWS_ORIGINS[partition];
  return [
    ...origins.map(of),
    ...(presentOrigin === undefined ? [] : [presentFinding(presentOrigin, range, vrps)]),
    ...vrps
      .filter((vrp) => origins.includes(vrp.asn) && vrp.prefix === range && vrp.maxLength > parsed.bits)
      .map((vrp) =>
        finding(
          `${range}: the ROA for AS${vrp.asn}`,
          false,
          `allows up to /${vrp.maxLength}`,
          `let it end at /${parsed.bits}: IPAM wants that, and others could announce longer ones so (RFC 9319)`,
        ),
      ),
  ];
}

/** @param {number} asn @param {string} state @param {string} range @param {number} bits */
function adviceFor(asn, state, range, bits) {
  const create = `create a ROA for AS${asn}, ${range}, up to /${bits}, at the registry; validators see it within a day`;
  return state === 'not-found' ? `${create}. First one for who announces it now` : create;
}

/** @param {number} asn @param {string} range @param {Vrp[]} vrps @returns {Finding} */
function presentFinding(asn, range, vrps) {
  const { state, reason } = originState(vrps, asn, range);
  return finding(
    `${range} from AS${asn}, which announces it now`,
    state === 'valid',
    `${state}: ${reason}`,
    state === 'not-found'
      ? "create its ROA before AWS's: the first ROA makes every other origin invalid"
      : 'networks that validate drop it: mend its ROA first',
  );
}

/**
 * The export of a validator: Routinator's `json` and rpki-client's (`roas`), a validity answer (`validated_route`), or
 * CSV with the columns ASN, IP Prefix and Max Length.
 *
 * @param {string} text
 * @returns {Export}
 * @throws {Error} with what was expected
 */
export function readVrps(text) {
  if (!text.trimStart().startsWith('{')) return { vrps: readCsv(text) };
  const document = parsedJson(text);
  if (Array.isArray(document.roas)) {
    const { generated, buildtime, generatedTime } = document.metadata ?? {};
    return { vrps: document.roas.map(readRoa), ...timeOf(generated ?? buildtime ?? generatedTime) };
  }
  const { route, validity } = document.validated_route ?? {};
  if (route === undefined || validity === undefined) {
    throw new Error('expected "roas" or "validated_route" of a validator, found neither');
  }
  const { matched = [], unmatched_as: others = [], unmatched_length: longer = [] } = validity.VRPs ?? {};
  const vrps = [...matched, ...others, ...longer].map((one) => readRoa({ ...one, maxLength: one.max_length }));
  const about = { asn: readAsn(route.origin_asn), prefix: String(route.prefix) };
  const { state } = originState(vrps, about.asn, about.prefix);
  if (state !== String(validity.state).toLowerCase().replaceAll(/[ _]/gu, '-').replace('notfound', 'not-found')) {
    throw new Error(`expected the state "${state}" for its VRPs, found "${validity.state}"`);
  }
  return { vrps, route: about, ...timeOf(document.generatedTime) };
}

/** @param {string} text @returns {any} */
function parsedJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('expected JSON or CSV of a validator');
  }
}

/** @param {unknown} time seconds since the epoch, or as ISO 8601 */
function timeOf(time) {
  const generatedAt = typeof time === 'number' ? time * 1000 : Date.parse(String(time));
  return Number.isNaN(generatedAt) ? {} : { generatedAt };
}

/** @param {any} roa @returns {Vrp} */
function readRoa({ asn, prefix, maxLength }) {
  const range = parseRange(String(prefix));
  const length = Number(maxLength);
  if (range === undefined || !Number.isInteger(length) || length < range.bits) {
    throw new Error(`expected a prefix and a length that fits it, found ${JSON.stringify({ asn, prefix, maxLength })}`);
  }
  return { asn: readAsn(asn), prefix: range.text, maxLength: length };
}

/** @param {unknown} asn as in AS16509 or 16509 */
function readAsn(asn) {
  const [, digits] = /^(?:AS)?(\d{1,10})$/iu.exec(String(asn)) ?? [];
  if (digits === undefined) throw new Error(`expected an ASN, found ${JSON.stringify(asn)}`);
  return Number(digits);
}

/** @param {string} text @returns {Vrp[]} */
function readCsv(text) {
  const [head, ...lines] = text.split(/\r?\n/u).filter((line) => line.trim() !== '');
  const names = (head ?? '').split(',').map((name) => name.trim().toLowerCase());
  const [asn, prefix, maxLength] = ['asn', 'ip prefix', 'max length'].map((name) => names.indexOf(name));
  if ([asn, prefix, maxLength].includes(-1)) throw new Error('expected the columns ASN, IP Prefix and Max Length');
  return lines.map((line) => {
    const cells = line.split(',').map((cell) => cell.trim().replaceAll('"', ''));
    // The RIPE NCC's export leaves the column empty where it is the prefix's own length.
    const own = cells[prefix]?.split('/')[1];
    return readRoa({ asn: cells[asn], prefix: cells[prefix], maxLength: cells[maxLength] || own });
  });
}
