// ali-oss's browser build uploads from a page of another origin: jsdom sends preflights and hides what isn't exposed.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { JSDOM, VirtualConsole } from 'jsdom';

import { BUCKET, CONFIG, FIRST_KEY, startGateway } from './fixture.mjs';

const MIB = 1024 * 1024;
const HOUR = 60 * 60 * 1000;
const PAGE = 'http://127.0.0.1:3000';
const SDK = await readFile(new URL('../../node_modules/ali-oss/dist/aliyun-oss-sdk.js', import.meta.url), 'utf8');

const gateways = {};
const pages = [];

before(async () => {
  gateways.allowing = await startGateway(undefined, { config: { ...CONFIG, cors: { origins: [PAGE] } } });
  gateways.without = await startGateway();
});

after(async () => {
  pages.forEach((page) => page.close());
  await Promise.all(Object.values(gateways).map((gateway) => gateway.close()));
});

/** A client in a page of an origin, whose clock is off. */
function device({ url }, origin = PAGE, milliseconds = 0) {
  // Without a console: jsdom would print each request that CORS forbids.
  const page = new JSDOM('', { url: `${origin}/`, runScripts: 'outside-only', virtualConsole: new VirtualConsole() }).window;
  pages.push(page);
  page.eval(SDK);
  page.eval(`{
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...parts) { parts.length ? super(...parts) : super(Date.now()); }
      static now() { return Real.now() + ${milliseconds}; }
    };
    // jsdom leaves the timer of a request that failed running for a minute, and the process with it.
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (...parts) {
      this.addEventListener('error', () => { this.timeout = 0; });
      return send.apply(this, parts);
    };
  }`);
  const endpoint = `http://localhost:${new URL(url).port}`;
  return { page, client: new page.OSS({ ...FIRST_KEY, bucket: BUCKET, endpoint, cname: true, secure: false }) };
}

describe('a page of another origin', () => {
  test('uploads', async () => {
    const { page, client } = device(gateways.allowing);
    const body = randomBytes(1000);
    await client.put('cors/put.bin', new page.Blob([body]));
    await gateways.allowing.assertStored('cors/put.bin', body);
    const [preflight, put] = gateways.allowing.requests.filter(({ uri }) => uri === '/cors/put.bin');
    assert.deepEqual([preflight.method, preflight.decision, preflight.status], ['OPTIONS', 'answer', 200]);
    assert.deepEqual([put.method, put.decision, put.status], ['PUT', 'forward', 200]);
  });

  test('uploads in parts: it can read each ETag', async () => {
    const { page, client } = device(gateways.allowing);
    const body = randomBytes(6 * MIB);
    await client.multipartUpload('cors/parts.bin', new page.Blob([body]), { partSize: 5 * MIB });
    await gateways.allowing.assertStored('cors/parts.bin', body);
  });

  test('mends its clock by the refusal that it can read', async () => {
    const { page, client } = device(gateways.allowing, PAGE, 3 * HOUR);
    const body = randomBytes(1000);
    await client.put('cors/clock.bin', new page.Blob([body]));
    await gateways.allowing.assertStored('cors/clock.bin', body);
    const codes = gateways.allowing.requests.filter(({ uri, method }) => uri === '/cors/clock.bin' && method === 'PUT').map(({ code }) => code);
    assert.deepEqual(codes, ['RequestTimeTooSkewed', undefined]);
  });

  for (const [what, gateway, origin, code] of [
    ['that is not listed', 'allowing', 'http://127.0.0.1:3001', 'AccessForbidden'],
    ['where none is configured', 'without', PAGE, 'MethodNotAllowed'],
  ]) {
    test(`${what} sends no upload`, async () => {
      const { page, client } = device(gateways[gateway], origin);
      await assert.rejects(() => client.put('cors/refused.bin', new page.Blob(['x'])));
      const requests = gateways[gateway].requests.filter(({ uri }) => uri === '/cors/refused.bin');
      assert.ok(requests.length > 0);
      for (const request of requests) assert.deepEqual([request.method, request.code], ['OPTIONS', code]);
    });
  }
});

test('answers of S3 and preflights name the same headers', async () => {
  const { url } = gateways.allowing;
  const exposed = 'access-control-expose-headers';
  const preflight = await fetch(`${url}/${BUCKET}/cors/a`, { method: 'OPTIONS', headers: { origin: PAGE, 'access-control-request-method': 'PUT' } });
  const signed = device(gateways.allowing).client.signatureUrl('cors/a', { method: 'PUT' });
  const put = await fetch(signed, { method: 'PUT', body: Buffer.from('x'), headers: { origin: PAGE } });
  assert.equal(put.status, 200);
  assert.deepEqual([put.headers.get('access-control-allow-origin'), put.headers.get(exposed)], [PAGE, preflight.headers.get(exposed)]);
});
