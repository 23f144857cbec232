// What the relay is told by its environment.

/**
 * @typedef {object} Settings
 * @property {number} port
 * @property {string} [host] by default every address
 * @property {number} [healthPort] where checks of health are answered besides, in plain HTTP
 * @property {boolean} s3PathStyle whether the bucket is in the path of requests to S3, as other stores want it
 * @property {number} slots bodies past `SMALL_BODY_BYTES` at once
 * @property {number} slotWaitSeconds how long such a body waits for a slot
 * @property {number} bodiesPerKey bodies of one access key at once
 * @property {number} joins uploads whose parts are joined at once
 * @property {number} joinsPerKey of them, those of one access key, waiting ones included
 * @property {number} minBytesPerSecond that a client must send
 * @property {number} rateSeconds over which that is measured
 * @property {number} requestSeconds for one request altogether
 * @property {number} headersSeconds for the headers of a request
 * @property {number} idleSeconds for which nothing at all may happen on a connection during a request
 * @property {number} keepAliveSeconds for which a connection waits for another request
 * @property {number} headerBytes of a request's headers altogether
 * @property {number} connections at once
 * @property {number} stopSeconds that requests have to finish after SIGTERM
 * @property {'refuse' | 'accept'} bothFramings what becomes of a request that arrives with Content-Length and
 *   Transfer-Encoding
 */

/** Each number's variable, its least, its most, and what it is where the variable isn't there. */
const NUMBERS = /** @type {const} */ ({
  slots: ['RELAY_SLOTS', 1, 1024, 32],
  slotWaitSeconds: ['RELAY_SLOT_WAIT_SECONDS', 0, 600, 20],
  bodiesPerKey: ['RELAY_BODIES_PER_KEY', 1, 100_000, 16],
  joins: ['RELAY_JOINS', 1, 1024, 2],
  joinsPerKey: ['RELAY_JOINS_PER_KEY', 1, 100_000, 8],
  minBytesPerSecond: ['RELAY_MIN_BYTES_PER_SECOND', 0, 1_000_000_000, 1024],
  rateSeconds: ['RELAY_RATE_SECONDS', 1, 600, 20],
  requestSeconds: ['RELAY_REQUEST_SECONDS', 1, 86_400, 3600],
  headersSeconds: ['RELAY_HEADERS_SECONDS', 1, 600, 10],
  idleSeconds: ['RELAY_IDLE_SECONDS', 1, 3600, 120],
  // Longer than CloudFront keeps it (js-shim/edge/origin-request.mjs), so that it never sends into a closed one.
  keepAliveSeconds: ['RELAY_KEEP_ALIVE_SECONDS', 1, 600, 65],
  headerBytes: ['RELAY_HEADER_BYTES', 8192, 1_048_576, 32_768],
  connections: ['RELAY_CONNECTIONS', 1, 100_000, 512],
  stopSeconds: ['RELAY_STOP_SECONDS', 0, 3600, 25],
});

/** Where a web function must listen, as `host:port`; Lambda sets it (web-functions-revisions-env-vars). */
const ENDPOINT = 'AWS_LAMBDA_HTTP_ENDPOINT';

/** The adapter of Lambda's names the port by its own variable. Containers use `PORT`. */
const PORTS = ['AWS_LWA_PORT', 'PORT'];

const BOTH_FRAMINGS = 'RELAY_BOTH_FRAMINGS';
const HEALTH_PORT = 'RELAY_HEALTH_PORT';
const S3_PATH_STYLE = 'RELAY_S3_PATH_STYLE';

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {Settings}
 * @throws {Error} that names the variable, what was expected, and what was found
 */
export function readSettings(env) {
  const known = [BOTH_FRAMINGS, ...Object.values(NUMBERS).map(([name]) => name), HEALTH_PORT, S3_PATH_STYLE];
  const unknown = Object.keys(env).find((name) => name.startsWith('RELAY_') && !known.includes(name));
  if (unknown !== undefined) throw new Error(`${unknown}: unknown variable, expected one of ${known.join(', ')}`);
  const portName = PORTS.find((name) => env[name] !== undefined) ?? 'PORT';
  const numbers = Object.entries(NUMBERS).map(([field, [name, least, most, otherwise]]) => [
    field,
    numberOf(env, name, least, most, otherwise),
  ]);
  return {
    ...(env[ENDPOINT] === undefined ? { port: numberOf(env, portName, 0, 65_535, 8080) } : endpointOf(env[ENDPOINT])),
    bothFramings: oneOf(env, BOTH_FRAMINGS, ['refuse', 'accept']),
    s3PathStyle: oneOf(env, S3_PATH_STYLE, ['no', 'yes']) === 'yes',
    ...(env[HEALTH_PORT] === undefined ? {} : { healthPort: numberOf(env, HEALTH_PORT, 0, 65_535, 0) }),
    ...Object.fromEntries(numbers),
  };
}

/**
 * @param {NodeJS.ProcessEnv} env @param {string} name @param {number} least @param {number} most
 * @param {number} otherwise
 */
function numberOf(env, name, least, most, otherwise) {
  const text = env[name];
  if (text === undefined) return otherwise;
  const number = /^\d{1,10}$/u.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new Error(`${name}: expected an integer from ${least} to ${most}, found ${JSON.stringify(text)}`);
}

/** @param {string} text */
function endpointOf(text) {
  const found = /^(.+):(\d{1,5})$/u.exec(text);
  if (found === null || Number(found[2]) > 65_535) {
    throw new Error(`${ENDPOINT}: expected host:port, found ${JSON.stringify(text)}`);
  }
  // An IPv6 address is in brackets.
  return { host: found[1].replace(/^\[(.*)\]$/u, '$1'), port: Number(found[2]) };
}

/**
 * @template {string} V
 * @param {NodeJS.ProcessEnv} env @param {string} name
 * @param {readonly [V, V]} values the first where the variable isn't there
 * @returns {V}
 */
function oneOf(env, name, values) {
  const text = env[name] ?? values[0];
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new Error(`${name}: expected "${values[0]}" or "${values[1]}", found ${JSON.stringify(text)}`);
}
