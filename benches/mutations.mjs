// Events with one part changed, so that each check of a decision finds something to refuse.

const HEADERS = /** @type {[string, string][]} */ ([
  ['authorization', ''],
  ['authorization', 'OSS'],
  ['authorization', 'OSS :a'],
  ['authorization', 'OSS a:'],
  ['authorization', 'OSS2 AccessKeyId:a,Signature:b'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a/20261124/r/oss/aliyun_v4_request,Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=LTAI5tTestDevice0001/20261124/r/oss/aliyun_v4_request, Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a/20261124/r/obs/aliyun_v4_request,Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a/2026/r/oss/aliyun_v4_request,Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a/20261124//oss/aliyun_v4_request,Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Signature=00'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a/20261124/r/oss/aliyun_v4_request'],
  ['authorization', 'OSS4-HMAC-SHA256 Credential=a,Credential=b,Signature=00'],
  ['host', ''],
  ['host', 'evil.example.com'],
  ['host', 'UPLOADS.example.com:8443'],
  ['host', 'uploads.example.com:x'],
  ['host', 'ab.d111111abcdef8.cloudfront.net'],
  ['date', ''],
  ['date', 'Xxx, 24 Nov 2026 01:52:57 GMT'],
  ['date', 'Mon, 24 Nov 2026 01:52:57 GMT'],
  ['date', 'Tue, 30 Feb 2026 01:52:57 GMT'],
  ['date', '20261124T015257Z'],
  ['date', '20261124T025257Z'],
  ['x-oss-date', ' Tue, 24 Nov 2026 01:52:57 GMT\t'],
  ['x-oss-date', '20261125T015257Z'],
  ['content-length', ''],
  ['content-length', '1a'],
  ['transfer-encoding', 'chunked'],
  ['content-md5', 'a\u007f'],
  ['content-encoding', 'gzip, AWS-chunked'],
  ['cache-control', 'é'],
  ['content-disposition', ''],
  ['security-token', 'token'],
  ['x-oss-security-token', 'token'],
  ['x-oss-meta-', 'a'],
  ['x-oss-meta-a', 'é'],
  ['x-oss-meta-a', 'm'.repeat(2048)],
  ['x-oss-storage-class', 'IA'],
  ['x-oss-storage-class', 'Cold'],
  ['x-oss-object-acl', 'private'],
  ['x-oss-object-acl', 'public-read'],
  ['x-oss-object-acl', 'all'],
  ['x-oss-server-side-encryption', 'AES256'],
  ['x-oss-server-side-encryption', 'KMS'],
  ['x-oss-server-side-encryption', 'SM4'],
  ['x-oss-server-side-encryption-key-id', 'k'],
  ['x-oss-forbid-overwrite', 'true'],
  ['x-oss-forbid-overwrite', 'maybe'],
  ['x-oss-complete-all', 'yes'],
  ['x-oss-tagging', 'a=b&c+d=%E8%AE%BE'],
  ['x-oss-tagging', 'a=b&a=c'],
  ['x-oss-callback', 'e30='],
  ['x-oss-unknown', 'a'],
  ['x-amz-acl', 'public-read'],
  ['bad name', 'a'],
  ['x-nul', 'a\0b'],
]);

const QUERIES = [
  'acl',
  'uploads',
  'uploads=1',
  'uploadId=id',
  // Of tests/vectors/seals.py, and for another key than most events have.
  'uploadId=s1.2.498745.-.AAAAAAAAAAAAAAAAAAAAAA.id',
  'uploadId=id~forbid-overwrite&encoding-type=url',
  'uploadId=',
  'partNumber=1&uploadId=id',
  'partNumber=0&uploadId=id',
  'partNumber=10001&uploadId=id',
  'partNumber=1',
  'uploadId=id&max-parts=1001',
  'uploadId=id&part-number-marker=',
  'encoding-type=xml&uploads',
  'a=1&a=2',
  'a=%',
  'a=%00',
  '=a',
  'x-oss-traffic-limit=819200',
  'Signature=a&Expires=1795485200&OSSAccessKeyId=LTAI5tTestDevice0001',
  'Signature=a&Expires=1&OSSAccessKeyId=LTAI5tTestDevice0001',
  'Signature=a&Expires=9795485200&OSSAccessKeyId=LTAI5tTestDevice0001',
  'Signature=a&Expires=x&OSSAccessKeyId=LTAI5tTestDevice0001',
  'Signature=a',
  'x-oss-access-key-id=a',
  'x-oss-signature-version=OSS2&x-oss-signature=a',
  'x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20261124T015257Z&x-oss-expires=60&x-oss-credential=LTAI5tTestDevice0001%2F20261124%2Fr%2Foss%2Faliyun_v4_request&x-oss-signature=00',
  Array.from({ length: 33 }, (_, index) => `p${index}`).join('&'),
];

const PATHS = ['/', '', 'a', '/%', '/%ff', '/a%00', '/./a', '/a/..', '/a%2F..%2Fb', `/${'k'.repeat(1024)}`, '/a?acl', '/a%3Facl', '/a+b', '/日志%20(1)!', '//a'];

const METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'put', 'PUT\0', ''];

/** @param {any} event @returns {{ what: string, event: any }[]} */
export function mutations(event) {
  const names = Object.keys(event.Records[0].cf.request.headers);
  return [
    ...METHODS.map((method) => changed(`method ${method}`, event, (request) => (request.method = method))),
    ...PATHS.map((uri) => changed(`path ${uri}`, event, (request) => (request.uri = uri))),
    ...QUERIES.flatMap((query) => [
      changed(`query ${query}`, event, (request) => (request.querystring = query)),
      changed(`POST, query ${query}`, event, (request) => Object.assign(request, { method: 'POST', querystring: query })),
      changed(`GET, unsigned, query ${query}`, event, (request) => {
        Object.assign(request, { method: 'GET', querystring: query });
        delete request.headers.authorization;
      }),
    ]),
    ...HEADERS.flatMap(([name, value]) => [
      changed(`header ${name}: ${value}`, event, ({ headers }) => (headers[name] = [{ key: name, value }])),
      changed(`another header ${name}: ${value}`, event, ({ headers }) => (headers[name] = [...(headers[name] ?? []), { key: name, value }])),
    ]),
    ...names.flatMap((name) => [
      changed(`no header ${name}`, event, ({ headers }) => delete headers[name]),
      changed(`header ${name} twice`, event, ({ headers }) => headers[name].push(headers[name][0])),
    ]),
  ];
}

/** @param {string} what @param {any} event @param {(request: any) => unknown} change */
function changed(what, event, change) {
  const copy = structuredClone(event);
  change(copy.Records[0].cf.request);
  return { what, event: copy };
}
