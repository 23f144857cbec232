// A device with one release of an SDK. A driver goes through the cases; what S3 has then, or what the SDK raised, is
// the outcome of each.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { on, once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BUCKET, sha256 } from '../fixture.mjs';
import { BreakingProxy } from './breaking-proxy.mjs';
import { commandOf } from './build.mjs';
import { DEVICE, OBJECT, SIZES } from './cases.mjs';
import { Driver } from './driver.mjs';

/** What the SDKs for Java ask for. */
const HOSTS = ['oss.test', 'endpoint.test'].flatMap((host) => [host, `${BUCKET}.${host}`]).concat('uploads.test', 'localhost');
const REQUEST_ID = /^[0-9A-F]{24}$/;

/** A folder with the bodies that devices send, and a hosts file. */
export async function createBodies() {
  const folder = await mkdtemp(join(tmpdir(), 'oss-edge-sdks-'));
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, `127.0.0.1 ${HOSTS.join(' ')}\n`);
  const bodies = new Map();
  const create = async (size) => {
    const body = { bytes: randomBytes(size), file: join(folder, `${size}.bin`) };
    await writeFile(body.file, body.bytes);
    return body;
  };
  return {
    folder,
    hosts,
    /** @param {keyof SIZES | number} name or a size */
    get(name) {
      const size = SIZES[name] ?? name;
      if (!bodies.has(size)) bodies.set(size, create(size));
      return bodies.get(size);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}

export class Device {
  #client;
  #name;
  #bodies;
  #gateways;
  #driver;

  /** `gateways` by the names of cases.mjs. */
  constructor(client, release, bodies, gateways) {
    this.#client = client;
    this.#name = `${client.id}/${release}`;
    this.#bodies = bodies;
    this.#gateways = gateways;
    this.#driver = new Driver(commandOf(client, release, bodies.hosts));
  }

  close() {
    return this.#driver.close();
  }

  /**
   * How a case ends: `stored` if S3 has the very object, the status and the code of an answer that the SDK raised as
   * its own exception, the type of another exception, or `–` where the SDK has no such thing.
   *
   * @param {import('./cases.mjs').Case} step
   * @param {string} signature
   */
  async outcomeOf({ name, operation, device: { host, ...device }, gateway: gatewayName = 'usual', body }, signature) {
    const gateway = this.#gateways[gatewayName];
    const { bytes, file } = await this.#bodies.get(body);
    const key = `${this.#name}/${signature}/${name}`;
    const seen = { gateway, key, bytes };
    const port = new URL(gateway.url).port;
    const object = { bucket: BUCKET, key, file };
    const sent = { ...DEVICE, operation, signature, endpoint: `http://${host}:${port}`, ...object, ...device };
    if (operation === 'presign') return this.#byUrl(await this.#driver.run(sent), port, seen);
    if (operation === 'lookFirst') return this.#looksFirst({ ...sent, ...OBJECT }, seen);
    if (operation === 'resume') return this.#resumed({ ...sent, ...OBJECT }, host, port, seen);
    const answer = await this.#driver.run({ ...sent, ...OBJECT });
    if (answer.error || answer.unsupported) return this.#failed(answer, seen);
    if (operation === 'abort') return aborted(seen);
    if (operation === 'parts') assert.equal(answer.parts, 2, 'what ListParts tells');
    if (operation.startsWith('put') && answer.etag) assert.equal(answer.etag.replaceAll('"', ''), await etagOf(seen));
    return gatewayName === 'late' ? mended(seen) : stored(seen, OBJECT);
  }

  /** An app that asks whether the object is there, and uploads it if not; and the same again. */
  async #looksFirst(sent, seen) {
    const told = [];
    for (let round = 0; round < 2; round += 1) {
      const asked = await this.#driver.run({ ...sent, operation: 'exists' });
      if (asked.error || asked.unsupported) return this.#failed(asked, seen);
      told.push(asked.exists);
      const put = asked.exists ? {} : await this.#driver.run({ ...sent, operation: this.#client.put });
      if (put.error) return this.#failed(put, seen);
    }
    const outcome = await stored(seen, OBJECT);
    if (outcome !== 'stored') return outcome;
    assert.equal(told[0], false, 'it is there before it was uploaded');
    return told[1] ? 'uploads once' : 'uploads each time';
  }

  /** The upload breaks off when the second part begins, and the SDK is called again with its checkpoint. */
  async #resumed(sent, host, port, seen) {
    const proxy = await BreakingProxy.start(port, 'partNumber=2');
    const device = {
      ...sent,
      operation: 'upload',
      endpoint: `http://${host}:${proxy.port}`,
      checkpoint: await mkdtemp(join(this.#bodies.folder, 'checkpoint-')),
    };
    try {
      const first = await this.#driver.run(device);
      if (first.unsupported) return '–';
      assert.ok(first.error && !first.error.requestId, 'the connection broke');
      proxy.mend();
      const second = await this.#driver.run(device);
      if (second.error) return await this.#failed(second, seen);
    } finally {
      await proxy.close();
    }
    const outcome = await stored(seen, OBJECT);
    if (outcome !== 'stored') return outcome;
    const begun = seen.gateway.requests.filter(
      ({ key, operation, status }) => key === seen.key && operation === 'InitiateMultipartUpload' && status === 200,
    );
    return begun.length === 1 ? 'resumed' : 'starts over';
  }

  /** The URL is used as any HTTP client does that knows nothing of OSS. */
  async #byUrl(signed, port, seen) {
    if (signed.error || signed.unsupported) return this.#failed(signed, seen);
    const { host, pathname, search } = new URL(signed.url);
    const headers = { Host: host, 'Content-Length': seen.bytes.length };
    const request = http.request({ port, method: 'PUT', path: pathname + search, headers });
    request.end(seen.bytes);
    const [answer] = await once(request, 'response');
    const text = Buffer.concat(await answer.toArray()).toString();
    return answer.statusCode === 200 ? stored(seen) : `${answer.statusCode} ${/<Code>(.*?)<\/Code>/u.exec(text)?.[1]}`;
  }

  async #failed({ error, unsupported }, { gateway, key }) {
    if (unsupported) return '–';
    const { type, code, status, requestId } = error;
    assert.equal(await gateway.stored.get(key), null, 'S3 has nothing');
    if (status === undefined && !requestId) return type.split('.').at(-1);
    const refusal = await lineOf(
      gateway,
      (line) => line.status >= 400 && decodeURIComponent(line.uri).endsWith(`/${key}`),
    );
    assert.deepEqual([type, status ?? refusal.status], [this.#client.exception ?? code, refusal.status]);
    if (this.#client.exception) assert.match(requestId, REQUEST_ID);
    // Some SDKs read no x-oss-err, which has the code in an answer to HEAD.
    return [undefined, String(refusal.status)].includes(code && String(code)) ? `${refusal.status}` : `${refusal.status} ${code}`;
  }
}

/** @param {typeof OBJECT} [expected] what S3 must know of the object */
async function stored({ gateway, key, bytes }, expected) {
  const object = await gateway.stored.get(key);
  if (object === null) return 'stores nothing';
  if (object.sha256 !== sha256(bytes)) return `stores ${object.body.length} of ${bytes.length} bytes`;
  if (expected) assert.deepEqual({ contentType: object.contentType, metadata: object.metadata }, expected);
  return 'stored';
}

async function aborted({ gateway, key }) {
  const { status } = await lineOf(gateway, (line) => line.key === key && line.operation === 'AbortMultipartUpload');
  return status === 204 ? 'aborted' : String(status);
}

/** The SDK was refused for its clock, and came again with the right time. */
async function mended(seen) {
  await lineOf(seen.gateway, ({ key, code }) => key === seen.key && code === 'RequestTimeTooSkewed');
  return (await stored(seen, OBJECT)) === 'stored' ? 'mends its clock' : 'stores other bytes';
}

async function etagOf({ gateway, key }) {
  const { body } = await gateway.stored.get(key);
  return createHash('md5').update(body).digest('hex');
}

/** A line of the log, which is written once the answer is sent. */
async function lineOf({ requests, logged }, matches) {
  const written = requests.find(matches);
  if (written) return written;
  for await (const [line] of on(logged, 'line', { signal: AbortSignal.timeout(30_000) })) {
    if (matches(line)) return line;
  }
  throw new Error('the log ended');
}
