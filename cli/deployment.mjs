// The `deployment` section of config.json: what `oss-edge deploy` makes. The functions don't get it.

import { checkBySchema, readSchema } from './checked-document.mjs';

/** @typedef {import('../deploy/plan.mjs').Settings} Settings */
/** @typedef {{ domain: string, path: string }} Endpoint */

const { definitions, properties } = readSchema('config');
const SECTION = { definitions, ...properties.deployment };
/** @type {ReadonlySet<string>} */
const KNOWN_REGIONS = new Set(definitions.knownRegion.enum);

/** A placeholder (RFC 6761: nobody has this domain) for an endpoint that the deployment makes. */
const LOCAL_ENDPOINT = { domain: 'api.oss-edge.invalid', path: '/v1' };

/**
 * @param {unknown} document config.json
 * @returns {{ config: unknown, settings: Settings | undefined }} `config` without the section
 * @throws {Error} with the field's path, what was found and what was expected
 */
export function splitDeployment(document) {
  if (typeof document !== 'object' || document === null || !('deployment' in document)) {
    return { config: document, settings: undefined };
  }
  const { deployment, ...config } = document;
  const settings = readSettings(deployment);
  checkRegions(settings, /** @type {any} */ (config).furtherRegions);
  return { config, settings };
}

/**
 * Which of `api` and `relay` the deployment makes, so that only it knows the domain; undefined for neither.
 *
 * @param {any} config @param {Settings | undefined} settings
 * @returns {'api' | 'relay' | undefined}
 */
function endpointMadeBy({ entrance, api, relay }, settings) {
  if (settings === undefined || entrance === 'relay' || api !== undefined || relay !== undefined) return undefined;
  const { backend = 'api' } = settings;
  return backend === 'api' ? 'api' : backend === 'web-function' ? 'relay' : undefined;
}

/**
 * The configuration as the functions get it.
 *
 * @param {any} config @param {Settings | undefined} settings @param {Endpoint} [endpoint] by default a placeholder
 */
export function withEndpoint(config, settings, endpoint = LOCAL_ENDPOINT) {
  const kind = endpointMadeBy(config, settings);
  return kind === undefined ? config : { ...config, [kind]: endpoint };
}

/**
 * The section, without which nothing can be deployed.
 *
 * @param {Settings | undefined} settings
 * @param {string} [name] in place of `deployment.name`
 * @returns {Settings}
 * @throws {Error} when there is none, or the name is malformed
 */
export function requiredSettings(settings, name) {
  if (settings === undefined) {
    throw new Error('config: deployment: expected a section that says what to make, {} at least, found none');
  }
  return name === undefined ? settings : readSettings({ ...settings, name });
}

/** @param {unknown} section @returns {Settings} */
function readSettings(section) {
  checkBySchema(SECTION, section, { name: 'config', at: 'deployment' });
  return /** @type {Settings} */ (section);
}

/**
 * The core checks those of buckets and access keys.
 *
 * @param {Settings} settings
 * @param {unknown} furtherRegions maybe of another shape
 * @throws {Error} with the field's path and what was found
 */
function checkRegions({ region, edgeRegions = [] }, furtherRegions) {
  const further = Array.isArray(furtherRegions) ? furtherRegions : [];
  const isKnown = (/** @type {string} */ found) => KNOWN_REGIONS.has(found) || further.includes(found);
  const named = [['region', region], ...edgeRegions.map((one, at) => [`edgeRegions[${at}]`, one])];
  for (const [field, found] of named) {
    if (found === undefined || isKnown(found)) continue;
    throw new Error(
      `config: deployment.${field}: expected an AWS Region, or one that \`furtherRegions\` lists, found "${found}"`,
    );
  }
}
