// How many lines the log gets of connections on which there was no request: whoever reaches the port can cause them, without
// an access key and at the cost of a few bytes.

/** Lines. */
const AT_ONCE = 100;
const PER_SECOND = 10;

/**
 * @param {() => number} [clock] milliseconds, and never goes back
 * @returns {() => { notLogged?: number } | undefined} undefined where there must be no line; otherwise what it says besides
 */
export function lineLimit(clock = () => performance.now()) {
  let lines = AT_ONCE;
  let counted = clock();
  let notLogged = 0;
  return () => {
    const time = clock();
    lines = Math.min(AT_ONCE, lines + ((time - counted) / 1000) * PER_SECOND);
    counted = time;
    if (lines < 1) {
      notLogged += 1;
      return undefined;
    }
    lines -= 1;
    const line = notLogged === 0 ? {} : { notLogged };
    notLogged = 0;
    return line;
  };
}
