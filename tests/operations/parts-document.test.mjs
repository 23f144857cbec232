// Documents of CompleteMultipartUpload at the edges of what is taken, and what operations answer when they fail.
// completed-parts.test.mjs makes documents at random, and api.test.mjs sends those that attack a parser.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readCompletedParts } from '../../js-shim/operations/completed-parts.mjs';
import { NotAuthorized, S3Fault, errorTranslation, faultDetail } from '../../js-shim/operations/s3-fault.mjs';

const HEX = '0123456789ABCDEF'.repeat(2);
const NUMBER = '<PartNumber>1</PartNumber>';
const ETAG = '<ETag>a</ETag>';
const document = (/** @type {string} */ content, root = 'CompleteMultipartUpload') => `<${root}>${content}</${root}>`;
const part = (/** @type {string} */ content, name = 'Part') => `<${name}>${content}</${name}>`;
const listed = (/** @type {string} */ etag, number = '1') => document(part(`<PartNumber>${number}</PartNumber><ETag>${etag}</ETag>`));

for (const [etag, expected] of [
  ['a', 'a'],
  ['"a"', 'a'],
  ['"a', 'a'],
  ['a'.repeat(128), 'a'.repeat(128)],
  [HEX, HEX.toLowerCase()],
  [`"${HEX}-2"`, `${HEX}-2`],
  [`Z${HEX}`, `Z${HEX}`],
  [`${HEX}Z`, `${HEX}Z`],
]) {
  test(`takes the ETag ${etag}`, () => assert.deepEqual(readCompletedParts(listed(etag)), [{ PartNumber: 1, ETag: `"${expected}"` }]));
}

for (const [what, xml] of [
  ['a quote in an ETag', listed('"a"b"')],
  ['two quotes before an ETag', listed('""a"')],
  ['quotes alone', listed('""')],
  ['an ETag that is too long', listed('a'.repeat(129))],
  ['an ETag beyond ASCII', listed('é')],
  ['a blank in an ETag', listed('a b')],
  ['no number', document(part(ETAG))],
  ['no ETag', document(part(NUMBER))],
  ['nothing in a part', document(part(''))],
  ['a number in letters', listed('a', 'one')],
  ['a number with a zero before it', listed('a', '01')],
  ['a number of six digits', listed('a', '100000')],
  ['another root', document(part(NUMBER + ETAG), 'Part')],
  ['a part of another name', document(part(NUMBER + ETAG, 'Other'))],
  ['a part of the name of a root', document(part(NUMBER + ETAG, 'CompleteMultipartUpload'))],
  ['two roots in a part', document(part(`${NUMBER}${ETAG}<CompleteMultipartUpload/><CompleteMultipartUpload/>`))],
  ['two parts in a part', document(part(`${NUMBER}${ETAG}<Part/><Part/>`))],
  ['an element in a field', document(part(`${NUMBER}<ETag>a<Part/></ETag>`))],
  ['text in a part', document(part(`${NUMBER}x${ETAG}`))],
  ['text in a root', document(`x${part(NUMBER + ETAG)}`)],
]) {
  test(`takes no document with ${what}`, () => assert.equal(readCompletedParts(xml), undefined));
}

test('takes number 10,000 and other elements of a part, each once', () => {
  const xml = document(part('<Size>5</Size><PartNumber> 10000\n</PartNumber><Part>x</Part><ETag>a</ETag>'));
  assert.deepEqual(readCompletedParts(xml), [{ PartNumber: 10_000, ETag: '"a"' }]);
  assert.equal(readCompletedParts(listed('a', '10001')), undefined);
});

test("answers InternalError where the core doesn't translate, and AccessDenied without it", () => {
  const translate = errorTranslation(new Uint8Array());
  const answers = [new S3Fault('NoSuchKey', 'no object'), 'text', new NotAuthorized()].map((error) => translate(error, 'GET', 'R', 0));
  assert.deepEqual(answers.map(({ code, status }) => [code, status]), [['InternalError', 500], ['InternalError', 500], ['AccessDenied', 403]]);
  for (const { body, headers } of answers) {
    assert.match(body, /<RequestId>R<\/RequestId>/u);
    assert.deepEqual(Object.fromEntries(headers)['x-oss-request-id'], 'R');
  }
  const { body, headers } = translate(new S3Fault('NoSuchKey', 'no object'), 'HEAD', 'R', 0);
  assert.deepEqual([body, 'x-oss-err' in Object.fromEntries(headers)], ['', true]);
});

test("the log says of an error what the gateway wrote itself, and else its name", () => {
  const errors = [new S3Fault('NoSuchKey', 'what was found'), new RangeError('secret text'), 'secret text'];
  assert.deepEqual(errors.map(faultDetail), ['what was found', 'RangeError', 'string']);
});
