// A device: uploads one object with ali-oss, slowly enough that a tunnel can be cut meanwhile, and prints how it went.
// Arguments: endpoint, MiB, MiB a second.

import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

import OSS from 'ali-oss';

const [endpoint, size, rate] = process.argv.slice(2);
const client = new OSS({
  accessKeyId: 'LTAI5tSampleDevice01', accessKeySecret: 'sampleSecretNeverUseInProduct1', bucket: 'fleet-uploads', endpoint, cname: true, timeout: 120_000,
});
const digest = createHash('md5');
const MIB = 1_048_576;

async function* content() {
  const started = Date.now();
  for (let sent = 0; sent < Number(size); sent += 1) {
    const bytes = randomBytes(MIB);
    digest.update(bytes);
    yield bytes;
    print({ sent: sent + 1 });
    await sleep(Math.max(0, started + ((sent + 1) * 1000) / Number(rate) - Date.now()));
  }
}

const started = Date.now();
try {
  const { res } = await client.putStream('trial/video.bin', Readable.from(content()), { contentLength: Number(size) * MIB });
  const etag = String(/** @type {any} */ (res.headers).etag).replaceAll('"', '').toLowerCase();
  print({ status: res.status, isWhole: etag === digest.digest('hex'), seconds: (Date.now() - started) / 1000 });
} catch (error) {
  const { name, code, status, message } = /** @type {any} */ (error);
  print({ status: status ?? 0, isWhole: false, error: { name, code, message } });
}

/** @param {object} value */
function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
