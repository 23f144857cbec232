// Reads the answers of registries and validators, from files or over the network.

import { readVrps } from '../../network/byoip/roa.mjs';
import { AWS_ORIGINS } from '../../network/byoip/plan.mjs';
import { REGISTRIES } from '../../network/byoip/registry.mjs';
import { parseDocument, readDocument, readText } from '../document.mjs';
import { UsageError } from '../usage-error.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/byoip/roa.mjs').Export} Export */
/** @typedef {{ rdap?: string[], rdapUrl?: string, roas?: string[], validator?: string }} SourceOptions */

const TIMEOUT_MILLISECONDS = 20_000;

/**
 * The registry's answers about the ranges.
 *
 * @param {ByoipPlan} plan @param {string[]} ranges @param {SourceOptions} options
 * @returns {Promise<Map<string, unknown>>} by range
 */
export async function registryAnswers(plan, ranges, { rdap, rdapUrl }) {
  if (rdap === undefined) {
    const base = rdapUrl ?? REGISTRIES[plan.registry].rdap;
    const asked = ranges.map(async (range) => /** @type {const} */ ([range, await fetchRdap(base, range)]));
    return new Map(await Promise.all(asked));
  }
  if (rdap.length !== ranges.length) {
    throw new UsageError(
      `--rdap: expected a file for each of ${ranges.join(', ')}, in this order, found ${rdap.length}`,
    );
  }
  const read = ranges.map(async (range, index) => /** @type {const} */ ([range, await readDocument(rdap[index])]));
  return new Map(await Promise.all(read));
}

/** @param {string} base @param {string} range */
async function fetchRdap(base, range) {
  const url = `${base.replace(/\/?$/u, '/')}${range}`;
  const response = await get(url, 'application/rdap+json');
  if (response.status >= 300 && response.status < 400) {
    const location = response.headers.get('location');
    throw new Error(`${url}: expected its own answer, found a redirect to ${location}: it is registered there`);
  }
  const text = await response.text();
  if (!response.ok && response.status !== 404)
    throw new Error(`${url}: expected an answer, found the status ${response.status}`);
  return parseDocument(text, url);
}

/**
 * All exports of validators together.
 *
 * @param {ByoipPlan} plan @param {string[]} ranges @param {SourceOptions} options
 * @returns {Promise<Export[]>}
 */
export async function roaExports(plan, ranges, { roas = [], validator }) {
  if (roas.length === 0 && validator === undefined) throw new UsageError('expected --roas FILE or --validator URL');
  const files = roas.map(async (file) => named(file, await readText(file)));
  const origins = [...AWS_ORIGINS[plan.partition], ...(plan.presentOrigin === undefined ? [] : [plan.presentOrigin])];
  const urls =
    validator === undefined
      ? []
      : ranges.flatMap((range) =>
          origins.map((asn) => `${validator.replace(/\/$/u, '')}/api/v1/validity/AS${asn}/${range}`),
        );
  const asked = urls.map(async (url) => {
    const response = await get(url, 'application/json');
    if (!response.ok) throw new Error(`${url}: expected an answer, found the status ${response.status}`);
    return named(url, await response.text());
  });
  return Promise.all([...files, ...asked]);
}

/** @param {string} name @param {string} text */
function named(name, text) {
  try {
    return readVrps(text);
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {string} url @param {string} accept */
async function get(url, accept) {
  if (!URL.canParse(url)) throw new UsageError(`expected a URL, found ${url}`);
  const signal = AbortSignal.timeout(TIMEOUT_MILLISECONDS);
  return fetch(url, { headers: { accept }, redirect: 'manual', signal }).catch((error) => {
    throw new Error(`${url}: ${error.cause?.code ?? error.cause?.message ?? error.name}`);
  });
}
