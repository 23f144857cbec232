// What the command line says about an error that has no message.

import assert from 'node:assert/strict';
import dns from 'node:dns';
import { test } from 'node:test';

import { sendRaw } from '../../cli/doctor/raw-request.mjs';
import { errorText } from '../../cli/error-text.mjs';

test('an error is told by its message, else by those of the errors in it, else by its code or name', () => {
  for (const [error, expected] of /** @type {[unknown, string][]} */ ([
    [new Error('no such file'), 'no such file'],
    [new AggregateError([new Error('connect ECONNREFUSED 192.0.2.1:443'), new Error('connect ECONNREFUSED 192.0.2.2:443')]), 'connect ECONNREFUSED 192.0.2.1:443, connect ECONNREFUSED 192.0.2.2:443'],
    [new AggregateError([], ''), 'AggregateError'],
    [Object.assign(new Error(''), { code: 'ETIMEDOUT' }), 'ETIMEDOUT'],
    [new TypeError(''), 'TypeError'],
    ['a text', 'a text'],
  ])) {
    assert.equal(errorText(error), expected);
  }
});

test('a host that refuses connections at each of its addresses gives a fault, not an empty answer', async (t) => {
  const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
  t.mock.method(dns, 'lookup', (/** @type {string} */ _, /** @type {object} */ __, /** @type {Function} */ found) => found(null, addresses));
  const address = { protocol: 'http:', hostname: 'd111111abcdef8.cloudfront.net', port: 1, servername: '' };
  const { status, fault } = await sendRaw(address, { method: 'PUT', target: '/k', headers: [] });
  assert.deepEqual([status, fault], [0, 'connect ECONNREFUSED 127.0.0.1:1, connect ECONNREFUSED 127.0.0.2:1']);
});
