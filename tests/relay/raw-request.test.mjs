// A client's request before the core decides: its target, its headers and its framing, without a server.
// framing.test.mjs and entrance.test.mjs have them in one.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ChunkFramingCheck, framingFault, hasNoFraming, isOtherLength } from '../../js-shim/relay/framing.mjs';
import { rawRequest, targetFault } from '../../js-shim/relay/raw-request.mjs';

/** As Node has a request. @param {string[]} rawHeaders names and values in turn @returns {any} */
function message(rawHeaders = [], more = {}) {
  const headersDistinct = /** @type {Record<string, string[]>} */ (Object.create(null));
  rawHeaders.forEach((name, at) => at % 2 === 0 && (headersDistinct[name.toLowerCase()] ??= []).push(rawHeaders[at + 1]));
  const headers = Object.fromEntries(Object.entries(headersDistinct).map(([name, values]) => [name, values.join(', ')]));
  return { httpVersion: '1.1', method: 'PUT', url: '/a', rawHeaders, headersDistinct, headers, ...more };
}

for (const [what, request, fault] of /** @type {[string, any, string | undefined][]} */ ([
  ['a path', message(), undefined],
  ['a whole URL', message([], { url: 'http://h/a' }), 'the target is not a path'],
  ['an asterisk', message([], { url: '*' }), 'the target is not a path'],
  ['nothing', message([], { url: undefined }), 'the target is not a path'],
  ['a wait for 100', message(['Expect', '100-Continue']), undefined],
  ['a wait for anything else', message(['Expect', '100-continue, more']), 'an expectation other than 100-continue'],
])) {
  test(`a request for ${what} is ${fault ? 'refused' : 'taken'}`, () => assert.equal(targetFault(request), fault));
}

test('gives the core the path, the query after its first mark, and each line of a header', () => {
  const lines = ['Host', 'h', 'x-oss-meta-a', '1', 'X-OSS-Meta-A', '2', '__proto__', 'own'];
  const { headers, ...rest } = rawRequest(message(lines, { url: '/a%3F/b?c=d?e&f' }), '198.51.100.9');
  assert.deepEqual(rest, { clientIp: '198.51.100.9', method: 'PUT', uri: '/a%3F/b', querystring: 'c=d?e&f' });
  assert.deepEqual(Object.entries(headers), [
    ['host', [{ key: 'Host', value: 'h' }]],
    ['x-oss-meta-a', [{ key: 'x-oss-meta-a', value: '1' }, { key: 'X-OSS-Meta-A', value: '2' }]],
    ['__proto__', [{ key: '__proto__', value: 'own' }]],
  ]);
  for (const [url, uri, querystring] of [['/a', '/a', ''], ['/a?', '/a', ''], ['?b', '', 'b']]) {
    const read = rawRequest(message([], { url }), '');
    assert.deepEqual([read.uri, read.querystring], [uri, querystring]);
  }
});

test('reads bytes as UTF-8, or as ISO-8859-1 where they are no UTF-8', () => {
  const wire = Buffer.from('/设备').toString('latin1');
  const { uri, headers } = rawRequest(message(['x-oss-meta-a', wire, 'x-oss-meta-b', 'caf\xe9'], { url: wire }), '');
  assert.deepEqual([uri, headers['x-oss-meta-a'][0].value, headers['x-oss-meta-b'][0].value], ['/设备', '/设备', 'café']);
});

for (const [rawHeaders, fault, more] of /** @type {[string[], string | undefined, object?][]} */ ([
  [['Content-Length', '5'], undefined],
  [['Content-Length', '5'], undefined, { httpVersion: '1.0' }],
  [['Content-Length', '123456789012345'], undefined],
  [['Transfer-Encoding', 'chunked'], undefined],
  [['Transfer-Encoding', 'CHUNKED'], undefined],
  [['Transfer-Encoding', 'chunked', 'Content-Length', '5'], undefined],
  [['x-oss-meta-a', 'a\tb c\x80\xff~'], undefined],
  [[], 'HTTP version 2.0', { httpVersion: '2.0' }],
  [[], 'HTTP version 0.9', { httpVersion: '0.9' }],
  ...['\0', '\x08', '\n', '\r', '\x1f', '\x7f'].map((control) => [['a', `b${control}c`], 'a control character in a header']),
  [['a\x01', 'b'], 'a control character in a header'],
  [['a ', 'b'], "a blank in a header's name"],
  [['a\tb', 'c'], "a blank in a header's name"],
  [['a', 'b', ' c', 'd'], "a blank in a header's name"],
  [['Content-Length', '5', 'content-length', '5'], 'repeated framing headers'],
  [['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked'], 'repeated framing headers'],
  ...['', '+5', '-5', '5,5', '5 ', ' 5', '0x5', '5.0', '1234567890123456'].map((length) => [['Content-Length', length], 'Content-Length is not a number']),
  ...['', 'gzip', 'gzip, chunked', 'chunked, gzip', '"chunked"', 'xchunked', 'identity'].map((coding) => [['Transfer-Encoding', coding], 'a transfer coding other than chunked']),
  [['Transfer-Encoding', 'chunked'], 'chunks in HTTP/1.0', { httpVersion: '1.0' }],
])) {
  test(`headers ${JSON.stringify(rawHeaders)} ${JSON.stringify(more ?? {})}: ${fault ?? 'taken'}`, () => {
    assert.equal(framingFault(message(rawHeaders, more)), fault);
  });
}

test('compares the length that arrived with the one that was declared, where there are two', () => {
  const arrived = message(['Content-Length', '5']);
  assert.deepEqual([5, 6, 0, undefined].map((declared) => isOtherLength(arrived, declared)), [false, true, true, false]);
  assert.deepEqual([5, undefined].map((declared) => isOtherLength(message(), declared)), [false, false]);
});

test('a request has framing with either header', () => {
  const lines = [[], ['Content-Length', '0'], ['Transfer-Encoding', 'chunked'], ['Transfer-Encoding', 'chunked', 'Content-Length', '5']];
  assert.deepEqual(lines.map((rawHeaders) => hasNoFraming(message(rawHeaders))), [true, false, false, false]);
});

const MANY = 'x'.repeat(20);

/** Bodies that were sent with chunks and this length, and arrived with the length alone. */
for (const [what, length, text, refused] of /** @type {[string, number, string, boolean][]} */ ([
  ['a chunk', 24, `14\r\n${MANY}`, true],
  ['a chunk, its size in capitals', 30, `1A\r\n${MANY}xxxxxx`, true],
  ['a chunk with a size of 16 digits', 38, `0000000000000014\r\n${MANY}`, true],
  ['a chunk with a size of 17 digits', 39, `00000000000000014\r\n${MANY}`, false],
  ['a chunk as large as the whole', 20, `14\r\n${MANY.slice(4)}`, true],
  ['a size that is larger than the whole', 20, `15\r\n${MANY.slice(4)}`, false],
  ['a size that is not at the beginning', 25, `\n14\r\n${MANY}`, false],
  ['a size and a line feed alone', 23, `14\n${MANY}`, false],
  ['a word', 24, `no\r\n${MANY}`, false],
  ['a size and no line end', 22, `14${MANY}`, false],
  ['a short chunk', 6, '1\r\na\r\n', true],
  ['a size alone', 2, '2\r', true],
  ['a size that is cut off', 1, '1', true],
  ['a size and a carriage return that is cut off', 3, '10\r', false],
  ['a size and a line feed that is cut off', 2, '1\n', false],
  ['a short chunk with a size of two digits', 15, `0b\r\n${'x'.repeat(11)}`, true],
  ['a short word that ends like a size', 3, 'no1', false],
  ['a short word', 3, 'abz', false],
  ['nothing', 0, '', false],
])) {
  test(`a body with ${what} ${refused ? 'still has its framing' : 'is content'}, in whatever pieces it comes`, () => {
    for (const size of [text.length, 1, 3, 17, 18]) {
      const read = () => {
        const check = new ChunkFramingCheck(length);
        for (let at = 0; at < text.length; at += size || 1) check.add(Buffer.from(text.slice(at, at + size)));
        check.end();
      };
      if (refused) assert.throws(read, { name: 'IncompleteBody' });
      else read();
    }
  });
}

test('refuses a body with its framing before the rest of it arrives, and looks at its beginning alone', () => {
  assert.throws(() => new ChunkFramingCheck(24).add(Buffer.from(`14\r\n${MANY}`)), { name: 'IncompleteBody' });
  const check = new ChunkFramingCheck(100);
  check.add(Buffer.from(MANY));
  check.add(Buffer.from('1\r\n'));
  check.end();
});
