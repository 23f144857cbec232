// The checks before anything is sent to AWS.

import { distributionFindings } from '../../network/byoip/cloudfront.mjs';
import { ownFindings } from '../../network/byoip/own-files.mjs';
import { registryFindings } from '../../network/byoip/registry.mjs';
import { originFindings } from '../../network/byoip/roa.mjs';
import { finding } from '../../network/finding.mjs';
import { readDocument } from '../document.mjs';
import { readAuthorization, readCertificate, readKey } from './byoip-files.mjs';
import { registryAnswers, roaExports } from './byoip-sources.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/finding.mjs').Finding} Finding */
/** @typedef {import('./byoip-sources.mjs').SourceOptions} SourceOptions */

/** Older exports may lack what was changed since. */
const OLDEST_EXPORT_HOURS = 24;

/**
 * @param {ByoipPlan} plan @param {string[]} ranges
 * @param {SourceOptions & { dir: string, distributions?: string }} options
 * @returns {Promise<Finding[]>}
 */
export async function checksOf(plan, ranges, { dir, distributions, ...sources }) {
  const now = Date.now();
  const isSigned = plan.verification === 'x509';
  const own = isSigned ? { certificate: await readCertificate(dir), privateKey: await readKey(dir) } : undefined;
  const answers = await registryAnswers(plan, ranges, sources);
  const origins = await originChecks(plan, ranges, sources);
  const files = ranges.map(async (range) =>
    own === undefined
      ? []
      : ownFindings(plan, range, { ...own, authorization: await readAuthorization(dir, range), now }),
  );
  const unique = new Map((await Promise.all(files)).flat().map((one) => [one.what, one]));
  return [
    ...unique.values(),
    ...ranges.flatMap((range) => registryFindings(plan, range, answers.get(range), { own: own?.certificate, now })),
    ...origins,
    ...(distributions === undefined ? [] : distributionFindings(plan, await readDocument(distributions))),
  ];
}

/** @param {ByoipPlan} plan @param {string[]} ranges @param {SourceOptions} sources @returns {Promise<Finding[]>} */
export async function originChecks(plan, ranges, sources) {
  const exports = await roaExports(plan, ranges, sources);
  const times = exports.flatMap(({ generatedAt }) => (generatedAt === undefined ? [] : [generatedAt]));
  const hours = Math.round((Date.now() - Math.min(...times)) / 3_600_000);
  // Answers about two origins have the same payloads.
  const vrps = [
    ...new Map(exports.flatMap((one) => one.vrps).map((vrp) => [Object.values(vrp).join(' '), vrp])).values(),
  ];
  return [
    ...(times.length === 0
      ? []
      : [finding("the validator's data", hours <= OLDEST_EXPORT_HOURS, `${hours} h old`, 'export it anew')]),
    ...ranges.flatMap((range) => originFindings(plan, range, vrps)),
  ];
}
