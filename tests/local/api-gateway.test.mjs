import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApiGateway } from '../../local/api-gateway.mjs';

const DOMAIN = 'abc123.execute-api.eu-west-1.amazonaws.com';
const METHOD_ARN = 'arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/POST/initiate';

function policy(Effect, Resource = METHOD_ARN, context = {}) {
  return { principalId: 'ak', policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect, Resource }] }, context };
}

/** Answer to a request, and the events the two functions got. */
async function ask(functions = {}, request = {}, options = {}) {
  const events = {};
  const gateway = createApiGateway({
    ...options,
    domain: DOMAIN,
    stagePath: '/prod',
    methods: [
      {
        method: 'POST',
        resourcePath: '/initiate',
        integration: async (event) => ((events.integration = event), (functions.integration ?? (() => ({ statusCode: 200, body: 'ok' })))(event)),
      },
    ],
    authorizer: async (event) => ((events.authorizer = event), (functions.authorizer ?? (() => policy('Allow')))(event)),
  });
  const headers = [['Host', DOMAIN], ...(request.headers ?? [])];
  const asked = { method: 'POST', uri: '/prod/initiate', querystring: '', body: Buffer.alloc(0), sourceIp: '130.176.0.1', ...request, headers };
  const response = await gateway.handle(asked);
  return { ...response, text: response.body.toString(), events, header: (name) => response.headers.find(([key]) => key.toLowerCase() === name)?.[1] };
}

test('gives the authorizer the documented event', async () => {
  const headers = [['Authorization', 'OSS a:b'], ['X-A', '1'], ['x-a', '2'], ['Content-MD5', 'm'], ['Expect', '100-continue']];
  const { events } = await ask({}, { querystring: 'uploads&k=a%20b+c&k=d', headers });
  const { requestContext, headers: single, multiValueHeaders, ...event } = events.authorizer;
  assert.deepEqual(event, {
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    resource: '/initiate',
    path: '/initiate',
    httpMethod: 'POST',
    queryStringParameters: { uploads: '', k: 'd' },
    multiValueQueryStringParameters: { uploads: [''], k: ['a b c', 'd'] },
    pathParameters: null,
    stageVariables: null,
  });
  assert.equal(single.Authorization, 'OSS a:b');
  assert.equal(single['X-A'], '2');
  assert.deepEqual(multiValueHeaders['X-A'], ['1', '2']);
  assert.equal(single['Content-MD5'] ?? single.Expect, undefined);
  assert.equal(single.Host, DOMAIN);
  assert.equal(requestContext.path, '/prod/initiate');
  assert.equal(requestContext.identity.sourceIp, '130.176.0.1');
});

test('answers HEAD without a body, with the headers of the function', async () => {
  const events = [];
  const integration = async (event) => (events.push(event.httpMethod), { statusCode: 200, headers: { ETag: '"e"' }, body: 'not sent' });
  const arn = METHOD_ARN.replace('POST/initiate', 'HEAD/head-object');
  const gateway = createApiGateway({ domain: DOMAIN, stagePath: '/prod', methods: [{ method: 'HEAD', resourcePath: '/head-object', integration }], authorizer: async () => policy('Allow', arn) });
  const asked = { uri: '/prod/head-object', querystring: '', headers: [['Host', DOMAIN]], body: Buffer.alloc(0), sourceIp: '130.176.0.1' };
  const found = await gateway.handle({ ...asked, method: 'HEAD' });
  assert.deepEqual([found.status, found.body.length, Object.fromEntries(found.headers).ETag, events], [200, 0, '"e"', ['HEAD']]);
  const other = await gateway.handle({ ...asked, method: 'GET' });
  assert.equal(other.status, 403);
});

test('gives the integration the authorizer\'s context as strings, and the body', async () => {
  const authorizer = () => policy('Allow', METHOD_ARN, { key: 'k', size: 3, old: false });
  const { events } = await ask({ authorizer }, { body: Buffer.from('häh') });
  assert.deepEqual(events.integration.requestContext.authorizer, { principalId: 'ak', key: 'k', size: '3', old: 'false' });
  assert.deepEqual([events.integration.body, events.integration.isBase64Encoded], ['häh', false]);
  const binary = await ask({}, { body: Buffer.from([0xff, 0]) });
  assert.deepEqual([binary.events.integration.body, binary.events.integration.isBase64Encoded], ['/wA=', true]);
  assert.equal((await ask()).events.integration.body, null);
});

test('answers what the integration answers, with the headers that REST APIs remap', async () => {
  const integration = () => ({
    statusCode: 201,
    headers: { 'Content-Type': 'application/xml', Date: 'd', Server: 's', 'Content-MD5': 'm', Authorization: 'a', 'WWW-Authenticate': 'w' },
    multiValueHeaders: { 'x-a': ['1', '2'] },
    body: 'PGEvPg==',
    isBase64Encoded: true,
  });
  const { status, text, header, headers } = await ask({ integration });
  assert.deepEqual([status, text, header('content-type')], [201, '<a/>', 'application/xml']);
  assert.deepEqual(headers.filter(([name]) => name === 'x-a').map(([, value]) => value), ['1', '2']);
  for (const name of ['date', 'server', 'content-md5', 'authorization', 'www-authenticate']) {
    assert.equal(header(name), undefined);
    assert.equal(header(`x-amzn-remapped-${name}`), name[0] === 'c' ? 'm' : name[0]);
  }
  assert.equal((await ask()).header('content-type'), 'application/json');
});

for (const [name, resource, allowed] of [
  ['the method itself', METHOD_ARN, true],
  ['a wildcard', 'arn:aws:execute-api:*:*:abc123/prod/*', true],
  ['one-character wildcards', METHOD_ARN.replace('POST', 'P??T'), true],
  ['another method', METHOD_ARN.replace('POST', 'GET'), false],
  ['a prefix only', METHOD_ARN.slice(0, -1), false],
]) {
  test(`${allowed ? 'allows' : 'denies'} with a policy for ${name}`, async () => {
    const { status, text, events } = await ask({ authorizer: () => policy('Allow', resource) });
    assert.equal(status, allowed ? 200 : 403);
    assert.equal(events.integration !== undefined, allowed);
    if (!allowed) assert.deepEqual(JSON.parse(text), { Message: 'User is not authorized to access this resource' });
  });
}

test('lets a denial win, and answers it', async () => {
  const both = policy('Allow', '*');
  both.policyDocument.Statement.push(policy('Deny').policyDocument.Statement[0]);
  const denied = await ask({ authorizer: () => both });
  assert.equal(denied.status, 403);
  assert.match(denied.text, /with an explicit deny/);
  assert.equal(denied.events.integration, undefined);
});

test('answers a denial with the XML the authorizer gives', async () => {
  const { status, text, header } = await ask({ authorizer: () => policy('Deny', METHOD_ARN, { body: '<Error/>' }) });
  assert.deepEqual([status, text, header('content-type')], [403, '<Error/>', 'application/xml']);
});

const FAILURES = [
  ['an authorizer that throws', { authorizer: () => { throw new Error('x'); } }, {}, 503, { message: null }],
  ['an authorizer that throws Unauthorized', { authorizer: () => { throw new Error('Unauthorized'); } }, {}, 401, { message: 'Unauthorized' }],
  ['an authorizer without principal', { authorizer: () => ({ ...policy('Allow'), principalId: undefined }) }, {}, 500, { message: null }],
  ['an authorizer without policy', { authorizer: () => ({ principalId: 'a' }) }, {}, 500, { message: null }],
  ['a context with an object', { authorizer: () => policy('Allow', '*', { a: {} }) }, {}, 500, { message: null }],
  ['an integration that throws', { integration: () => { throw new Error('x'); } }, {}, 502, { message: 'Internal server error' }],
  ['an integration without status', { integration: () => ({ body: 'x' }) }, {}, 502, { message: 'Internal server error' }],
  ['an integration with an object body', { integration: () => ({ statusCode: 200, body: {} }) }, {}, 502, { message: 'Internal server error' }],
  ['an unknown path', {}, { uri: '/prod/other' }, 403, { message: 'Missing Authentication Token' }],
  ['another stage', {}, { uri: '/test/initiate' }, 403, { message: 'Missing Authentication Token' }],
  ['another method', {}, { method: 'PUT' }, 403, { message: 'Missing Authentication Token' }],
  ['another host', {}, { headers: [['host', 'bucket.example.com']] }, 403, { message: 'Forbidden' }],
  ['a payload over 10 MB', {}, { body: Buffer.alloc(10 * 1024 * 1024 + 1) }, 413, { message: 'Request Too Long' }],
  ['a method ARN over 1,600 bytes', {}, { uri: `/prod/${'a'.repeat(1600)}` }, 414, { message: 'Request-URI Too Long' }],
];

for (const [name, functions, request, status, body] of FAILURES) {
  test(`answers ${status} to ${name}`, async () => {
    const answer = await ask(functions, request);
    assert.equal(answer.status, status);
    assert.deepEqual(JSON.parse(answer.text), body);
  });
}

const CHUNKED = { headers: [['Transfer-Encoding', 'chunked']], body: Buffer.from('<a/>') };

test('gives the functions the content of a chunked body, and no Transfer-Encoding', async () => {
  const { status, events } = await ask({}, CHUNKED);
  assert.deepEqual([status, events.integration.body], [200, '<a/>']);
  for (const event of [events.authorizer, events.integration]) {
    assert.equal(Object.keys(event.headers).find((name) => name.toLowerCase() === 'transfer-encoding'), undefined);
  }
});

test('refuses a chunked body, an empty one too, where it is told to', async () => {
  for (const body of [CHUNKED.body, Buffer.alloc(0)]) {
    const { status, text, events } = await ask({}, { ...CHUNKED, body }, { chunked: 'refused' });
    assert.deepEqual([status, JSON.parse(text), events.authorizer], [500, { message: 'Internal server error' }, undefined]);
  }
  assert.equal((await ask({}, {}, { chunked: 'refused' })).status, 200);
});

test('answers 504 to an integration that takes longer than it may, and 503 to an authorizer', async () => {
  const never = () => new Promise(() => {});
  const slow = await ask({ integration: never }, {}, { timeoutMilliseconds: 1 });
  assert.deepEqual([slow.status, JSON.parse(slow.text)], [504, { message: 'Endpoint request timed out' }]);
  assert.equal((await ask({ authorizer: never }, {}, { timeoutMilliseconds: 1 })).status, 503);
});

test('gives a function no event over 6 MB, and takes no result over 6 MB', async () => {
  const size = 6 * 1024 * 1024;
  const sent = await ask({}, { body: Buffer.alloc(size, 'a') });
  assert.deepEqual([sent.status, JSON.parse(sent.text), sent.events.integration], [413, { message: 'Request Too Long' }, undefined]);
  // Base64 makes four bytes of three.
  assert.equal((await ask({}, { body: Buffer.alloc((size / 4) * 3, 0xff) })).status, 413);
  assert.equal((await ask({}, { body: Buffer.alloc((size / 4) * 3, 'a') })).status, 200);
  const answered = await ask({ integration: () => ({ statusCode: 200, body: 'a'.repeat(size) }) });
  assert.deepEqual([answered.status, JSON.parse(answered.text)], [502, { message: 'Internal server error' }]);
});

test('takes no authorizer result over 8 KB', async () => {
  const result = (length) => ({ authorizer: () => policy('Allow', METHOD_ARN, { a: 'a'.repeat(length) }) });
  assert.equal((await ask(result(7900))).status, 200);
  const { status, events } = await ask(result(8192));
  assert.deepEqual([status, events.integration], [500, undefined]);
});

test('answers 431 to headers over 10,240 bytes', async () => {
  const { status, events } = await ask({}, { headers: [['x-a', 'a'.repeat(10_240)]] });
  assert.equal(status, 431);
  assert.equal(events.authorizer, undefined);
});
