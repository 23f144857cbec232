// The `deployment` section of config.json: what `oss-edge deploy` makes. The functions don't get it.

import { checkBySchema, readSchema } from './checked-document.mjs';

/** @typedef {import('../deploy/plan.mjs').Settings} Settings */
/** @typedef {{ domain: string, path: string }} Endpoint */

const { definitions, properties } = readSchema('config');
const SECTION = { definitions, ...properties.deployment };

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
  return { config, settings: readSettings(deployment) };
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
