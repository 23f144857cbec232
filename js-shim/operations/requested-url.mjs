// The URL that a client requested, of what viewer-request hands over (src/route/hand_over.rs).

/**
 * The URL that the client requested, without its query. Whether it was HTTPS isn't known here.
 *
 * @param {string} handOver verified
 */
export function urlOf(handOver) {
  const [, , , uri, , ...lines] = Buffer.from(handOver, 'base64url').toString().split('\0');
  const at = lines.findIndex((field, index) => index % 2 === 0 && field === 'host');
  return `http://${at < 0 ? '' : lines[at + 1]}${uri}`;
}
