// Each hypothesis of `oss-edge explain`, found for a request that a device signed in this way.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { createExplainer } from '../../cli/explain/explainer.mjs';
import { subjectsOf } from '../../cli/explain/input.mjs';
import { readDocumentsWasm } from '../../cli/wasm-file.mjs';
import { DATE, ISO_DATE, SCOPE, requestV1, requestV4, signV1 } from './device.mjs';
import { DOCUMENTS, OTHER_KEY } from './documents.mjs';

const explain = createExplainer({ wasm: await readDocumentsWasm(), documents: DOCUMENTS });
const md5 = (/** @type {string} */ text) => createHash('md5').update(text).digest('base64');

const RESOURCE = '/fleet-uploads/logs/boot.txt';

/** What a right device signs, with one piece replaced. */
const v1 = ({ method = 'PUT', contentMd5 = '', type = '', date = DATE, headers = '', resource = RESOURCE } = {}) =>
  `${method}\n${contentMd5}\n${type}\n${date}\n${headers}${resource}`;

const v4 = ({ method = 'PUT', uri = RESOURCE, query = '', headers = `x-oss-date:${ISO_DATE}\n`, additional = '', payload = 'UNSIGNED-PAYLOAD' } = {}) =>
  `${method}\n${uri}\n${query}\n${headers}\n${additional}\n${payload}`;

/** An expiry of which the signature has a `+`. */
const expires = Array.from({ length: 100 }, (_, index) => String(1_795_485_277 + index)).find((date) => /\+/u.test(signV1(v1({ date })))) ?? '';
const withPlus = signV1(v1({ date: expires }));

/** @type {Record<string, string[]>} the name of a hypothesis, and requests of which it is the cause */
const CAUSES = {
  'another-secret': [
    requestV1({ signs: v1(), secret: 'testSecret0001ofTheLastYear00' }),
    requestV1({ signs: v1(), secret: '0123456789abcdefghijABCDEFGHIJ0123', id: 'OE1.a1.SN-1' }),
  ],
  'another-key': [
    requestV1({ signs: v1(), secret: OTHER_KEY.accessKeySecret }),
    requestV1({ signs: v1(), secret: OTHER_KEY.accessKeySecret, id: 'LTAI5tNobodyKnowsIt1' }),
  ],
  'signature-encoding': [
    // Its HTTP library decoded the `+` of the signature as a form's blank.
    `PUT /logs/boot.txt?OSSAccessKeyId=LTAI5tTestDevice0001&Expires=${expires}&Signature=${withPlus.replaceAll('+', '%20')} HTTP/1.1\r\nHost: uploads.example.com\r\n\r\n`,
  ],
  'path-style': [
    requestV1({ target: '/fleet-logs/boot.txt', signs: v1({ resource: '/fleet-logs/boot.txt' }) }),
    requestV4({ target: '/fleet-logs/boot.txt', signs: v4({ uri: '/fleet-logs/boot.txt' }) }),
  ],
  'cname-style': [
    requestV1({ host: '127.0.0.1', signs: v1() }),
    requestV4({ host: '127.0.0.1', signs: v4() }),
  ],
  'virtual-hosted-style': [
    requestV1({ signs: v1({ resource: '/uploads/logs/boot.txt' }) }),
    requestV4({ signs: v4({ uri: '/uploads/logs/boot.txt' }) }),
  ],
  'other-bucket': [
    requestV1({ signs: v1({ resource: '/fleet-logs/logs/boot.txt' }) }),
    requestV4({ signs: v4({ uri: '/fleet-logs/logs/boot.txt' }) }),
  ],
  'bucket-twice': [requestV1({ host: 'private-bucket.oss.example.com', signs: v1({ resource: '/private-bucket/private-bucket/logs/boot.txt' }) })],
  'bucket-left-out': [
    requestV1({ signs: v1({ resource: '/logs/boot.txt' }) }),
    requestV4({ target: '/boot.txt', signs: v4({ uri: '/boot.txt' }) }),
  ],
  'host-not-configured': [
    requestV1({ host: 'upload.example.net', signs: v1() }),
    requestV1({ host: 'upload.example.net', target: '/fleet-uploads/logs/boot.txt', signs: v1() }),
    requestV1({ host: 'fleet-uploads.upload.example.net', signs: v1() }),
  ],
  'key-encoded-twice': [requestV1({ target: '/a%2520b', signs: v1({ resource: '/fleet-uploads/a b' }) })],
  'key-signed-encoded': [
    requestV1({ target: '/a%20b', signs: v1({ resource: '/fleet-uploads/a%20b' }) }),
    requestV1({ target: '/a%2fb', signs: v1({ resource: '/fleet-uploads/a%2Fb' }) }),
    requestV4({ target: '/a%20b', signs: v4({ uri: '/fleet-uploads/a%2520b' }) }),
  ],
  'key-not-encoded': [requestV4({ target: '/a%20b', signs: v4({ uri: '/fleet-uploads/a b' }) })],
  'plus-for-space': [requestV4({ target: '/a+b', signs: v4({ uri: '/fleet-uploads/a%20b' }) })],
  'space-for-plus': [requestV1({ target: '/a%20b', signs: v1({ resource: '/fleet-uploads/a+b' }) })],
  'key-normalized': [requestV1({ target: '/u%CC%88', signs: v1({ resource: '/fleet-uploads/\u{fc}' }) })],
  'sub-resource-added': [
    requestV1({ method: 'POST', target: '/logs/boot.txt?uploads', signs: v1({ method: 'POST' }) }),
    requestV4({ method: 'POST', target: '/logs/boot.txt?uploads', signs: v4({ method: 'POST' }) }),
  ],
  'sub-resource-lost': [requestV1({ signs: v1({ resource: `${RESOURCE}?append` }) })],
  'parameter-signed': [requestV1({ target: '/logs/boot.txt?from=device', signs: v1({ resource: `${RESOURCE}?from=device` }) })],
  'sub-resource-encoded': [
    requestV1({ target: '/logs/boot.txt?partNumber=1&uploadId=a%2Fb', signs: v1({ resource: `${RESOURCE}?partNumber=1&uploadId=a%2Fb` }) }),
    requestV1({ target: '/logs/boot.txt?partNumber=1&uploadId=a%252Fb', signs: v1({ resource: `${RESOURCE}?partNumber=1&uploadId=a/b` }) }),
  ],
  'sub-resource-order': [
    requestV1({ target: '/logs/boot.txt?uploadId=a&partNumber=1', signs: v1({ resource: `${RESOURCE}?uploadId=a&partNumber=1` }) }),
  ],
  'sub-resource-equals': [requestV1({ method: 'POST', target: '/logs/boot.txt?uploads', signs: v1({ method: 'POST', resource: `${RESOURCE}?uploads=` }) })],
  method: [requestV1({ signs: v1({ method: 'POST' }) })],
  'content-type-added': [
    requestV1({ headers: { Date: DATE, 'Content-Type': 'application/x-www-form-urlencoded' }, signs: v1() }),
    requestV4({ headers: { 'x-oss-date': ISO_DATE, 'Content-Type': 'text/plain' }, signs: v4() }),
  ],
  'content-type-removed': [
    requestV1({ signs: v1({ type: 'application/octet-stream' }) }),
    requestV4({ signs: v4({ headers: `content-type:text/plain\nx-oss-date:${ISO_DATE}\n` }) }),
  ],
  'content-type-changed': [requestV1({ headers: { Date: DATE, 'Content-Type': 'application/json' }, signs: v1({ type: 'text/plain' }) })],
  'charset-added': [requestV1({ headers: { Date: DATE, 'Content-Type': 'text/plain; charset=UTF-8' }, signs: v1({ type: 'text/plain' }) })],
  'charset-changed': [requestV1({ headers: { Date: DATE, 'Content-Type': 'text/plain' }, signs: v1({ type: 'text/plain; charset=utf-8' }) })],
  'content-md5-added': [requestV1({ headers: { Date: DATE, 'Content-MD5': md5('hello') }, signs: v1() })],
  'content-md5-removed': [
    requestV1({ signs: v1({ contentMd5: md5('hello') }) }),
    requestV4({ signs: v4({ headers: `content-md5:${md5('hello')}\nx-oss-date:${ISO_DATE}\n` }) }),
  ],
  'content-md5-changed': [requestV1({ headers: { Date: DATE, 'Content-MD5': md5('other') }, signs: v1({ contentMd5: md5('hello') }) })],
  'content-md5-hexadecimal': [
    requestV1({
      headers: { Date: DATE, 'Content-MD5': md5('hello') },
      signs: v1({ contentMd5: Buffer.from(md5('hello'), 'base64').toString('hex') }),
    }),
  ],
  'date-signed': [
    requestV1({ headers: { Date: DATE, 'x-oss-date': ISO_DATE }, signs: v1({ headers: `x-oss-date:${ISO_DATE}\n` }) }),
    requestV4({ headers: { Date: DATE, 'x-oss-date': ISO_DATE }, signs: v4(), date: DATE }),
  ],
  'date-empty': [requestV1({ headers: { 'x-oss-date': ISO_DATE }, signs: v1({ date: '', headers: `x-oss-date:${ISO_DATE}\n` }) })],
  'x-oss-date-added': [requestV1({ headers: { Date: DATE, 'x-oss-date': ISO_DATE }, signs: v1() })],
  'date-format': [requestV1({ signs: v1({ date: ISO_DATE }) }), requestV1({ signs: v1({ date: DATE.replace('GMT', '+0000') }) })],
  'date-time-zone': [requestV1({ signs: v1({ date: 'Tue, 24 Nov 2026 09:52:57 GMT' }) })],
  'header-added': [
    requestV1({ headers: { Date: DATE, 'x-oss-meta-a': '1', 'x-oss-meta-b': '2' }, signs: v1({ headers: 'x-oss-meta-a:1\n' }) }),
    requestV4({ headers: { 'x-oss-date': ISO_DATE, 'x-oss-meta-a': '1' }, signs: v4() }),
  ],
  'header-value-encoded': [
    requestV1({ headers: { Date: DATE, 'x-oss-meta-a': 'a%20b' }, signs: v1({ headers: 'x-oss-meta-a:a b\n' }) }),
    requestV1({ headers: { Date: DATE, 'x-oss-meta-a': '\u{e8}\u{ae}\u{be}' }, signs: v1({ headers: 'x-oss-meta-a:\u{8bbe}\n' }) }),
  ],
  'header-order': [
    requestV1({
      headers: { Date: DATE, 'x-oss-meta-b': '1', 'x-oss-meta-a': '2' },
      signs: v1({ headers: 'x-oss-meta-b:1\nx-oss-meta-a:2\n' }),
    }),
    requestV4({
      headers: { 'x-oss-meta-b': '1', 'x-oss-date': ISO_DATE },
      signs: v4({ headers: `x-oss-meta-b:1\nx-oss-date:${ISO_DATE}\n` }),
    }),
  ],
  'header-case': [
    requestV1({ headers: { Date: DATE, 'X-oss-Meta-A': '1' }, signs: v1({ headers: 'X-oss-Meta-A:1\n' }) }),
    requestV1({ headers: { Date: DATE, 'x-oss-meta-a': '1' }, signs: v1({ headers: 'X-Oss-Meta-A:1\n' }) }),
  ],
  region: [
    requestV4({ signs: v4(), scope: '20261124/cn-shanghai/oss/aliyun_v4_request' }),
    requestV4({ signs: v4(), named: '20261124/oss-cn-hangzhou/oss/aliyun_v4_request', scope: SCOPE }),
  ],
  'scope-day': [requestV4({ signs: v4(), scope: '20261123/cn-hangzhou/oss/aliyun_v4_request' })],
  'additional-headers': [
    requestV4({ additional: 'host', signs: v4() }),
    requestV4({ signs: v4({ headers: `host:uploads.example.com\nx-oss-date:${ISO_DATE}\n`, additional: 'host' }) }),
  ],
  'host-port': [
    requestV4({
      host: 'uploads.example.com:8080',
      additional: 'host',
      signs: v4({ headers: `host:uploads.example.com\nx-oss-date:${ISO_DATE}\n`, additional: 'host' }),
    }),
    requestV4({
      additional: 'host',
      signs: v4({ headers: `host:uploads.example.com:443\nx-oss-date:${ISO_DATE}\n`, additional: 'host' }),
    }),
  ],
  'other-host': [
    requestV4({
      additional: 'host',
      signs: v4({ headers: `host:fleet-uploads.oss-cn-hangzhou.aliyuncs.com\nx-oss-date:${ISO_DATE}\n`, additional: 'host' }),
    }),
  ],
  payload: [requestV4({ signs: v4({ payload: createHash('sha256').update('hello').digest('hex') }) })],
};

for (const [name, requests] of Object.entries(CAUSES)) {
  test(`finds ${name}`, () => {
    for (const [index, request] of requests.entries()) {
      const [explanation] = subjectsOf(request, 'request').map((subject) => explain(subject));
      assert.deepEqual(explanation.cause?.hypotheses, [name], `${index}: ${JSON.stringify(explanation, null, 2)}`);
      assert.ok(explanation.cause?.advice.every((sentence) => /^[A-Z`].*[.?]$/u.test(sentence)), String(explanation.cause?.advice));
      assert.equal(explanation.decision, 'deny');
    }
  });
}
