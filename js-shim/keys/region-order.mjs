// The order in which the replicas of a secret are asked.

/**
 * Sorts Regions by their great-circle distance from the function's own. Regions without a known place come last, in the
 * order listed. If the function's own place isn't known, the order doesn't change.
 *
 * @param {readonly string[]} listed
 * @param {string | undefined} own the Region that the function runs in
 * @returns {string[]}
 */
export function nearestFirst(listed, own = '') {
  const distances = new Map(listed.map((region) => [region, region === own ? -1 : distance(own, region)]));
  const distanceOf = (/** @type {string} */ region) => distances.get(region) ?? Infinity;
  return [...listed].sort((a, b) => (distanceOf(a) === distanceOf(b) ? 0 : distanceOf(a) - distanceOf(b)));
}

/**
 * The angle between two Regions in radians; infinity if one of the places isn't known.
 *
 * @param {string} from @param {string} to
 */
function distance(from, to) {
  if (!Object.hasOwn(PLACES, from) || !Object.hasOwn(PLACES, to)) return Infinity;
  const [[fromLatitude, fromLongitude], [toLatitude, toLongitude]] = [PLACES[from], PLACES[to]].map(inRadians);
  const cosine =
    Math.sin(fromLatitude) * Math.sin(toLatitude) +
    Math.cos(fromLatitude) * Math.cos(toLatitude) * Math.cos(fromLongitude - toLongitude);
  return Math.acos(Math.min(1, Math.max(-1, cosine)));
}

/** @param {readonly [number, number]} degrees */
function inRadians([latitude, longitude]) {
  return [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180];
}

/**
 * Latitude and longitude, in whole degrees, of the city or state that AWS names each Region after.
 *
 * @type {Record<string, readonly [number, number]>}
 */
const PLACES = {
  'af-south-1': [-34, 18],
  'ap-east-1': [22, 114],
  'ap-east-2': [25, 122],
  'ap-northeast-1': [36, 140],
  'ap-northeast-2': [37, 127],
  'ap-northeast-3': [35, 136],
  'ap-south-1': [19, 73],
  'ap-south-2': [17, 78],
  'ap-southeast-1': [1, 104],
  'ap-southeast-2': [-34, 151],
  'ap-southeast-3': [-6, 107],
  'ap-southeast-4': [-38, 145],
  'ap-southeast-5': [3, 102],
  'ap-southeast-6': [-37, 175],
  'ap-southeast-7': [14, 101],
  'ca-central-1': [46, -74],
  'ca-west-1': [51, -114],
  'eu-central-1': [50, 9],
  'eu-central-2': [47, 9],
  'eu-north-1': [59, 18],
  'eu-south-1': [45, 9],
  'eu-south-2': [42, -1],
  'eu-west-1': [53, -6],
  'eu-west-2': [52, 0],
  'eu-west-3': [49, 2],
  'il-central-1': [32, 35],
  'me-central-1': [24, 54],
  'me-south-1': [26, 51],
  'mx-central-1': [21, -100],
  'sa-east-1': [-24, -47],
  'us-east-1': [39, -77],
  'us-east-2': [40, -83],
  'us-west-1': [37, -122],
  'us-west-2': [46, -119],
};
