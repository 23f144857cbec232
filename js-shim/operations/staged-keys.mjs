// The keys of what oss-edge keeps beside an upload whose small parts are staged. No client can name one
// (src/object_key.rs).

const OWN = '.oss-edge/';
const PARTS = `${OWN}parts/`;
const RECORDS = `${OWN}uploads/`;

/** Of objects that exist while a part is made of them. A lifecycle rule removes what a crash leaves. */
export const RELAY_PREFIX = `${OWN}relay/`;

/** The prefix of an upload's staged parts, by its folder. @param {string} folder */
export function partsPrefix(folder) {
  return `${PARTS}${folder}/`;
}

/**
 * The key of a staged part, as src/route/staged_part.rs writes it.
 *
 * @param {string} folder @param {number} number
 */
export function partKey(folder, number) {
  return `${partsPrefix(folder)}${String(number).padStart(5, '0')}`;
}

/**
 * The number of a staged part.
 *
 * @param {string} folder @param {string} key that has the folder's prefix
 * @returns {number | undefined} undefined for what isn't a part's key
 */
export function numberOf(folder, key) {
  const digits = key.slice(partsPrefix(folder).length);
  return /^(?:0\d{4}|10000)$/u.test(digits) && digits !== '00000' ? Number(digits) : undefined;
}

/** The key of an upload's record. @param {string} folder */
export function recordKey(folder) {
  return `${RECORDS}${folder}`;
}
