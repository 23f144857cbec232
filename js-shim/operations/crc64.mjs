// CRC-64/XZ, which OSS answers as `x-oss-hash-crc64ecma`: the polynomial of ECMA-182, reflected.

/** The reflected polynomial's two halves of 32 bits. */
const POLYNOMIAL = { high: 0xc96c5795, low: 0xd7870f42 };

/** Eight bytes are looked up at once: table n has the remainders of a byte that n zero bytes follow. */
const TABLES = 8;

const HIGH = new Uint32Array(TABLES * 256);
const LOW = new Uint32Array(TABLES * 256);
for (let byte = 0; byte < 256; byte += 1) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit += 1) {
    const isOdd = low & 1;
    low = (low >>> 1) | (high << 31);
    high >>>= 1;
    if (isOdd) [high, low] = [high ^ POLYNOMIAL.high, low ^ POLYNOMIAL.low];
  }
  [HIGH[byte], LOW[byte]] = [high, low];
}
for (let index = 256; index < TABLES * 256; index += 1) {
  const [high, low] = [HIGH[index - 256], LOW[index - 256]];
  HIGH[index] = (high >>> 8) ^ HIGH[low & 0xff];
  LOW[index] = ((low >>> 8) | (high << 24)) ^ LOW[low & 0xff];
}

/** The checksum of bytes that come in pieces. */
export class Crc64 {
  #high = ~0;
  #low = ~0;

  /** @param {Uint8Array} bytes */
  update(bytes) {
    let [high, low] = [this.#high, this.#low];
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += TABLES) {
      const first = low ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
      const last = high ^ (bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24));
      const [a, b, c, d] = [first & 0xff, (first >>> 8) & 0xff, (first >>> 16) & 0xff, first >>> 24];
      const [e, f, g, h] = [last & 0xff, (last >>> 8) & 0xff, (last >>> 16) & 0xff, last >>> 24];
      high =
        HIGH[1792 + a] ^ HIGH[1536 + b] ^ HIGH[1280 + c] ^ HIGH[1024 + d] ^
        HIGH[768 + e] ^ HIGH[512 + f] ^ HIGH[256 + g] ^ HIGH[h];
      low =
        LOW[1792 + a] ^ LOW[1536 + b] ^ LOW[1280 + c] ^ LOW[1024 + d] ^
        LOW[768 + e] ^ LOW[512 + f] ^ LOW[256 + g] ^ LOW[h];
    }
    for (; at < bytes.length; at += 1) {
      const index = (low ^ bytes[at]) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index];
      high = (high >>> 8) ^ HIGH[index];
    }
    [this.#high, this.#low] = [high, low];
  }

  /** Of the bytes so far, as the decimal number that OSS answers. */
  digest() {
    return String((BigInt(~this.#high >>> 0) << 32n) | BigInt(~this.#low >>> 0));
  }
}
