// What is found out of an upload with staged parts: its parts, page by page, its record, and what became of it once it has
// ended, with an S3 that answers what it is told. property.test.mjs and faults.test.mjs have whole uploads.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PART_BYTES } from '../../js-shim/operations/body.mjs';
import { clientParts, latestParts } from '../../js-shim/operations/client-parts.mjs';
import { currentEtag, madeEarlier } from '../../js-shim/operations/ended-upload.mjs';
import { UploadRecord } from '../../js-shim/operations/upload-record.mjs';

const OBJECT = { Bucket: 'b', Key: 'k' };
const UPLOAD = { object: OBJECT, uploadId: 'U', folder: 'f' };
const RECORD = '.oss-edge/uploads/f';
const LARGE = PART_BYTES;
const T1 = new Date(1000);
const T2 = new Date(2000);

function fail(name) {
  throw Object.assign(new Error(`S3 says ${name}`), { name });
}

/** An S3 that answers by the operation's name, and what it was asked; a list is answered one by one. */
function scripted(answers) {
  const asked = [];
  const send = async (command) => {
    const name = command.constructor.name.replace(/Command\d*$/u, '');
    asked.push([name, command.input]);
    const answer = Array.isArray(answers[name]) ? answers[name].shift() : answers[name];
    if (answer === undefined) assert.fail(`${name} isn't expected`);
    return typeof answer === 'function' ? answer(command.input) : answer;
  };
  return { send, asked, inputsOf: (name) => asked.filter(([one]) => one === name).map(([, input]) => input) };
}

const NO_RECORD = () => fail('NoSuchKey');
const recordOf = (content) => () => ({ Body: { transformToString: async () => JSON.stringify(content) }, ETag: '"record"' });
const part = (PartNumber, more = {}) => ({ PartNumber, ETag: `"${PartNumber}"`, Size: LARGE, LastModified: T1, ...more });
const object = (digits, more = {}) => ({ Key: `.oss-edge/parts/f/${digits}`, ETag: `"staged ${digits}"`, Size: 7, LastModified: T1, ...more });
const numbers = (parts) => parts.map(({ number }) => number);

test('lists the parts of an upload, wherever they are, to the last page', async () => {
  const s3 = scripted({
    ListParts: [{ Parts: [part(2), part(3)], IsTruncated: true, NextPartNumberMarker: '3' }, { Parts: [part(5)], IsTruncated: false }],
    ListObjectsV2: [{ Contents: [object('00004')], IsTruncated: true, NextContinuationToken: 'more' }, { Contents: [object('10000')] }],
    GetObject: NO_RECORD,
  });
  const { inS3, large, staged, record } = await clientParts(s3, UPLOAD, { after: 1 });
  assert.deepEqual(inS3, [2, 3, 5].map((number) => ({ number, etag: `"${number}"`, size: LARGE, lastModified: T1, staged: false })));
  assert.deepEqual([large, record.content], [inS3, undefined]);
  assert.deepEqual(staged, [[4, '00004'], [10_000, '10000']].map(([number, digits]) => ({ number, etag: `"staged ${digits}"`, size: 7, lastModified: T1, staged: true })));
  const listing = { ...OBJECT, UploadId: 'U', MaxParts: 1000 };
  assert.deepEqual(s3.inputsOf('ListParts'), [{ ...listing, PartNumberMarker: '1' }, { ...listing, PartNumberMarker: '3' }]);
  const searching = { Bucket: 'b', Prefix: '.oss-edge/parts/f/', StartAfter: '.oss-edge/parts/f/00001' };
  assert.deepEqual(s3.inputsOf('ListObjectsV2'), [{ ...searching, ContinuationToken: undefined }, { ...searching, ContinuationToken: 'more' }]);
  assert.deepEqual(s3.inputsOf('GetObject'), [{ Bucket: 'b', Key: RECORD }]);
});

test('an upload without parts has none', async () => {
  const s3 = scripted({ ListParts: {}, ListObjectsV2: {}, GetObject: NO_RECORD });
  const { inS3, large, staged } = await clientParts(s3, UPLOAD);
  assert.deepEqual([inS3, large, staged], [[], [], []]);
  assert.deepEqual([s3.inputsOf('ListParts')[0].PartNumberMarker, s3.inputsOf('ListObjectsV2')[0].StartAfter], ['0', '.oss-edge/parts/f/00000']);
});

test('takes no other object for a part, and a part of which S3 says nothing for an old, empty one', async () => {
  const others = ['', '1', '000001', '00000', '10001', '0000a', 'x00001', '00001x', '00001/00002'].map((digits) => object(digits));
  const s3 = scripted({ ListParts: { Parts: [{ PartNumber: 1 }] }, ListObjectsV2: { Contents: [...others, {}] }, GetObject: NO_RECORD });
  const { inS3, large, staged } = await clientParts(s3, UPLOAD);
  assert.deepEqual([inS3, large, staged], [[{ number: 1, etag: '', size: 0, lastModified: new Date(0), staged: false }], [], []]);
});

for (const [what, answers, message] of [
  ['more parts, and not where', { ListParts: { Parts: [part(1)], IsTruncated: true }, ListObjectsV2: {} }, 'S3 has more parts but named no marker'],
  ['more parts, and where it was', { ListParts: { Parts: [part(1)], IsTruncated: true, NextPartNumberMarker: '0' }, ListObjectsV2: {} }, 'S3 has more parts but named no marker'],
  ['more objects, and not where', { ListParts: {}, ListObjectsV2: { Contents: [object('00001')], IsTruncated: true }, GetObject: NO_RECORD }, 'S3 has more objects but named no token'],
]) {
  test(`fails rather than lists a half where S3 has ${what}`, async () => {
    const s3 = scripted(answers);
    await assert.rejects(clientParts(s3, UPLOAD), { message });
    assert.deepEqual([s3.inputsOf('ListParts').length, s3.inputsOf('ListObjectsV2').length], [1, 1]);
  });
}

test('lists no more pages than are needed for so many parts, and reads the record once it may be enough', async () => {
  const made = [{ number: 2, size: LARGE, md5: '2', opaque: false, content: 'c' }];
  const s3 = scripted({
    ListParts: [
      { Parts: [part(1)], IsTruncated: true, NextPartNumberMarker: '1' },
      // Two in S3, but one of them was made: there may be more of the client's.
      { Parts: [part(2)], IsTruncated: true, NextPartNumberMarker: '2' },
      { Parts: [part(3)], IsTruncated: true, NextPartNumberMarker: '3' },
    ],
    ListObjectsV2: [{ Contents: [object('00001')], IsTruncated: true, NextContinuationToken: 'a' }, { Contents: [object('00002')], IsTruncated: true, NextContinuationToken: 'b' }],
    GetObject: recordOf({ made }),
  });
  const { inS3, large, staged } = await clientParts(s3, UPLOAD, { limit: 1 });
  assert.deepEqual([inS3, large, staged].map(numbers), [[1, 2, 3], [1, 3], [1, 2]]);
  assert.deepEqual(['ListParts', 'ListObjectsV2', 'GetObject'].map((name) => s3.inputsOf(name).length), [3, 2, 2]);
});

test("a part is the client's unless it is small, or the record has it", async () => {
  const made = [
    { number: 1, size: LARGE, md5: '1', opaque: false, content: 'c' },
    { number: 2, size: LARGE, md5: 'unknown', opaque: true, content: 'c' },
    { number: 3, size: LARGE, md5: 'other', opaque: false, content: 'c' },
    { number: 5, size: LARGE + 1, md5: '5', opaque: false, content: 'c' },
    { number: 6, size: LARGE + 1, md5: '', opaque: true, content: 'c' },
  ];
  const Parts = [1, 2, 3, 4, 5, 6].map((number) => part(number, number === 4 ? { Size: LARGE - 1 } : {}));
  const { inS3, large } = await clientParts(scripted({ ListParts: { Parts }, ListObjectsV2: {}, GetObject: recordOf({ made }) }), UPLOAD);
  assert.deepEqual([numbers(inS3), numbers(large)], [[1, 2, 3, 4, 5, 6], [3, 5, 6]]);
});

test('of two parts of a number the later one counts, and none for sure within a second', () => {
  const one = (number, lastModified, staged) => ({ number, etag: `"${staged}"`, size: 1, lastModified, staged });
  for (const [large, staged, expected, doubtful] of [
    [[one(2, T1, false)], [one(1, T1, true)], [true, false], false],
    [[one(1, T1, false)], [one(1, T2, true)], [true], false],
    [[one(1, T2, false)], [one(1, T1, true)], [false], false],
    [[one(1, T1, false)], [one(1, new Date(+T1), true)], [true], true],
    [[one(9, T1, false)], [one(10, T1, true), one(8, T1, true)], [true, false, true], false],
  ]) {
    const latest = latestParts({ large, staged });
    assert.deepEqual([latest.parts.map((part) => part.staged), latest.doubtful], [expected, doubtful]);
    assert.deepEqual(numbers(latest.parts), numbers(latest.parts).toSorted((a, b) => a - b));
  }
});

const NOW = new Date('2026-11-24T01:52:57Z');
const noted = (number, more = {}) => ({ number, size: 7, md5: `md5 ${number}`, opaque: false, content: 'c', ...more });

/** The contents and conditions of what was written. */
const writes = (s3) => s3.inputsOf('PutObject').map(({ Body, IfMatch, IfNoneMatch }) => ({ ...JSON.parse(Body), condition: IfMatch ?? IfNoneMatch }));

test('a record begins where there is none, and each write is of what was read', async () => {
  const s3 = scripted({ GetObject: NO_RECORD, PutObject: [{ ETag: '"1"' }, { ETag: '"2"' }, { ETag: '"3"' }, { ETag: '"4"' }, { ETag: '"5"' }] });
  const record = await new UploadRecord(s3, 'b', 'f').read();
  assert.equal(record.content, undefined);
  await assert.rejects(record.finish({ digest: 'd', etag: '"e"' }), { message: 'the record is gone' });
  record.begin('d', [1, 2], NOW);
  assert.equal(record.content, undefined);
  await record.ensureBegun();
  await record.ensureBegun();
  await record.note(noted(1));
  await record.expect('d', { etag: '"e"', parts: [[1, '"1"']] });
  assert.equal(await record.finish({ digest: 'd', etag: '"e"' }), false);
  record.begin('other', [3], NOW);
  await record.ensureBegun();
  const begun = { version: 1, started: '2026-11-24T01:52:57.000Z', digest: 'd', numbers: [1, 2], made: [], expected: {} };
  const made = { ...begun, made: [noted(1)] };
  const expected = { ...made, expected: { d: { etag: '"e"', parts: [[1, '"1"']] } } };
  const finished = { ...expected, result: { digest: 'd', etag: '"e"' } };
  const again = { ...finished, digest: 'other', numbers: [3] };
  assert.deepEqual(writes(s3), [{ ...begun, condition: '*' }, { ...made, condition: '"1"' }, { ...expected, condition: '"2"' }, { ...finished, condition: '"3"' }, { ...again, condition: '"4"' }]);
  assert.deepEqual(record.content, again);
  const { Bucket, Key, ContentType } = s3.inputsOf('PutObject')[0];
  assert.deepEqual({ Bucket, Key, ContentType }, { Bucket: 'b', Key: RECORD, ContentType: 'application/json' });
});

test('an attempt that makes a part begins with the write that notes it', async () => {
  const s3 = scripted({ GetObject: NO_RECORD, PutObject: [{ ETag: '"1"', VersionId: 'v1' }, { ETag: '"2"', VersionId: 'v2' }] });
  const record = await new UploadRecord(s3, 'b', 'f').read();
  record.begin('d', [1], NOW);
  await record.note(noted(1));
  await record.ensureBegun();
  assert.equal(await record.finish({ digest: 'd', etag: '"e"' }), true);
  const begun = { version: 1, started: '2026-11-24T01:52:57.000Z', digest: 'd', numbers: [1], made: [noted(1)], expected: {} };
  assert.deepEqual(writes(s3), [{ ...begun, condition: '*' }, { ...begun, result: { digest: 'd', etag: '"e"' }, condition: '"1"' }]);
});

test('a record that cannot be read is not taken for none', async () => {
  for (const [GetObject, name] of [[() => fail('SlowDown'), 'SlowDown'], [() => Promise.reject('NoSuchKey'), undefined], [{ ETag: '"1"' }, 'SyntaxError']]) {
    await assert.rejects(async () => new UploadRecord(scripted({ GetObject }), 'b', 'f').read(), (error) => error.name === name);
  }
});

test('a record that is gone begins anew', async () => {
  const s3 = scripted({ GetObject: [recordOf({ made: [noted(1)], expected: {} }), NO_RECORD], PutObject: { ETag: '"1"' } });
  const record = await new UploadRecord(s3, 'b', 'f').read();
  assert.deepEqual((await record.read()).content, undefined);
  record.begin('d', [], NOW);
  await record.ensureBegun();
  assert.deepEqual([writes(s3)[0].condition, writes(s3)[0].made], ['*', []]);
});

for (const name of ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey']) {
  test(`a writer whom S3 tells ${name} reads what another wrote, and writes into that`, async (t) => {
    t.mock.method(Math, 'random', () => 0);
    const s3 = scripted({ GetObject: recordOf({ made: [noted(1)], expected: {} }), PutObject: [() => fail(name), { ETag: '"2"' }] });
    const record = new UploadRecord(s3, 'b', 'f');
    record.begin('d', [], NOW);
    await record.ensureBegun();
    assert.deepEqual(writes(s3).map(({ condition, made }) => [condition, made]), [['*', []], ['"record"', [noted(1)]]]);
  });
}

test('a writer gives up after twenty writes, and at once where S3 fails', async (t) => {
  t.mock.method(Math, 'random', () => 0);
  for (const [PutObject, count] of [[() => fail('PreconditionFailed'), 20], [() => fail('SlowDown'), 1], [() => Promise.reject('PreconditionFailed'), 1]]) {
    const s3 = scripted({ GetObject: recordOf({}), PutObject });
    const record = new UploadRecord(s3, 'b', 'f');
    record.begin('d', [], NOW);
    await assert.rejects(record.ensureBegun());
    assert.equal(s3.inputsOf('PutObject').length, count);
  }
});

test('one write has all parts that were noted while another was under way, each once', async () => {
  const answers = [];
  const PutObject = () => new Promise((resolve) => answers.push(() => resolve({ ETag: `"${answers.length}"` })));
  const s3 = scripted({ GetObject: recordOf({ made: [noted(1, { content: 'former' }), noted(3, { md5: 'other' })], expected: {} }), PutObject });
  const record = await new UploadRecord(s3, 'b', 'f').read();
  record.begin('d', [], NOW);
  const begun = record.ensureBegun();
  while (answers.length < 1) await new Promise(setImmediate);
  const first = [record.note(noted(1)), record.note(noted(2)), record.note(noted(3, { size: 8 }))];
  answers[0]();
  await begun;
  while (answers.length < 2) await new Promise(setImmediate);
  const later = record.note(noted(4));
  answers[1]();
  await Promise.all(first);
  while (answers.length < 3) await new Promise(setImmediate);
  answers[2]();
  await later;
  const three = [noted(3, { md5: 'other' }), noted(1), noted(2), noted(3, { size: 8 })];
  assert.deepEqual(writes(s3).slice(1).map(({ made }) => made), [three, [...three, noted(4)]]);
});

test('a write that fails keeps no other back', async () => {
  const s3 = scripted({ GetObject: recordOf({ made: [], expected: {} }), PutObject: [() => fail('SlowDown'), { ETag: '"1"' }, () => fail('SlowDown'), { ETag: '"2"' }] });
  const record = await new UploadRecord(s3, 'b', 'f').read();
  record.begin('d', [], NOW);
  const [failed, written] = await Promise.allSettled([record.expect('d', { parts: [] }), record.note(noted(1))]);
  assert.deepEqual([failed.status, written.status], ['rejected', 'fulfilled']);
  await assert.rejects(record.note(noted(2)), { name: 'SlowDown' });
  record.begin('e', [], NOW);
  await record.ensureBegun();
  assert.deepEqual([record.content.digest, record.content.made, record.content.expected], ['e', [noted(1)], {}]);
});

const ENDED = () => fail('NoSuchUpload');
const LISTED = [{ PartNumber: 1, ETag: '"1"' }];
const EXPECTED = { d: { etag: '"e-1"', parts: [[2, '"2"']] } };
const REMOVED = { ListObjectVersions: [{ Versions: [{ Key: '.oss-edge/parts/f/00001', VersionId: 'null' }] }, {}], DeleteObjects: {} };
const recorded = (more) => recordOf({ version: 1, digest: 'd', numbers: [], made: [], expected: {}, ...more });

for (const [what, answers, made, { digest = 'd', listed = LISTED, parts = undefined, result = undefined, removes = made !== undefined } = {}] of [
  ['the record has the result', { GetObject: recorded({ result: { digest: 'd', etag: '"e"', versionId: 'v' } }) }, { ETag: '"e"', VersionId: 'v' }],
  ['the record has the result of another list', { GetObject: recorded({ result: { digest: 'other', etag: '"e"' } }) }, undefined],
  ['the upload goes on', { GetObject: recorded({ expected: EXPECTED }), ListParts: {} }, undefined],
  ['S3 repeats its answer to what was expected', { GetObject: recorded({ expected: EXPECTED }), ListParts: ENDED, CompleteMultipartUpload: { ETag: '"e-1"', VersionId: 'v' }, PutObject: { ETag: '"1"' } }, { ETag: '"e-1"', VersionId: 'v' }, { parts: [{ PartNumber: 2, ETag: '"2"' }], result: { digest: 'd', etag: '"e-1"', versionId: 'v' } }],
  ['S3 repeats its answer, and the record is not to be written', { GetObject: recorded({ expected: EXPECTED }), ListParts: ENDED, CompleteMultipartUpload: {}, PutObject: () => fail('SlowDown') }, { ETag: '', VersionId: undefined }, { parts: [{ PartNumber: 2, ETag: '"2"' }] }],
  ['S3 repeats its answer to the list, of which there is no record', { GetObject: NO_RECORD, ListParts: ENDED, CompleteMultipartUpload: { ETag: '"e-1"' } }, { ETag: '"e-1"', VersionId: undefined }, { parts: LISTED }],
  ['S3 has forgotten it, and the object is the one that was expected', { GetObject: recorded({ expected: EXPECTED }), ListParts: ENDED, CompleteMultipartUpload: ENDED, ListObjectsV2: { Contents: [{ Key: 'k', ETag: '"e-1"' }] }, PutObject: { ETag: '"1"' } }, { ETag: '"e-1"' }, { result: { digest: 'd', etag: '"e-1"' } }],
  ['S3 has forgotten it, and the object is another', { GetObject: recorded({ expected: EXPECTED }), ListParts: ENDED, CompleteMultipartUpload: ENDED, ListObjectsV2: { Contents: [{ Key: 'k', ETag: '"other"' }] } }, undefined],
  ['S3 has forgotten it, and no ETag was expected, as with KMS', { GetObject: recorded({ expected: { d: { parts: [] } } }), ListParts: ENDED, CompleteMultipartUpload: ENDED }, undefined],
  ['S3 has forgotten it, and there is no record and no object', { GetObject: NO_RECORD, ListParts: ENDED, CompleteMultipartUpload: ENDED }, undefined],
  ['all parts were meant, and there is no record', { GetObject: NO_RECORD, ListParts: ENDED }, undefined, { digest: 'all', listed: null }],
]) {
  test(`where ${what}, a list has ${made === undefined ? 'made nothing' : 'made an object'}`, async () => {
    const s3 = scripted({ ...answers, ...(removes ? structuredClone(REMOVED) : {}) });
    assert.deepEqual(await madeEarlier(s3, UPLOAD, digest, listed ?? undefined), made);
    assert.equal(s3.inputsOf('DeleteObjects').length, removes ? 1 : 0);
    if (parts !== undefined) assert.deepEqual(s3.inputsOf('CompleteMultipartUpload'), [{ ...OBJECT, UploadId: 'U', MultipartUpload: { Parts: parts } }]);
    assert.equal(s3.inputsOf('PutObject').length, 'PutObject' in answers ? 1 : 0);
    if (result !== undefined) assert.deepEqual(writes(s3).map((written) => [written.result, written.condition]), [[result, '"record"']]);
    for (const input of s3.inputsOf('ListParts')) assert.deepEqual(input, { ...OBJECT, UploadId: 'U', MaxParts: 1 });
  });
}

for (const [what, answers, name] of [
  ['whether the upload goes on', { ListParts: () => fail('SlowDown') }, 'SlowDown'],
  ['whether the upload goes on, and says nothing', { ListParts: () => Promise.reject({ name: 'NoSuchUpload' }) }, 'NoSuchUpload'],
  ['what became of it', { ListParts: ENDED, CompleteMultipartUpload: () => fail('SlowDown') }, 'SlowDown'],
  ['what became of it, and says nothing', { ListParts: ENDED, CompleteMultipartUpload: () => Promise.reject({ name: 'NoSuchUpload' }) }, 'NoSuchUpload'],
]) {
  test(`guesses nothing where S3 fails to say ${what}`, async () => {
    const s3 = scripted({ GetObject: recorded({ expected: EXPECTED }), ...answers });
    await assert.rejects(madeEarlier(s3, UPLOAD, 'd', LISTED), (error) => error.name === name);
    assert.equal(s3.inputsOf('DeleteObjects').length, 0);
  });
}

test('finds the ETag of a key, and not of one that begins with it', async () => {
  const KEY = 'a b+c/设\n';
  for (const [Contents, etag] of [
    [[{ Key: encodeURIComponent(KEY), ETag: '"e"' }], '"e"'],
    [[{ Key: encodeURIComponent(KEY).replaceAll('%20', '+'), ETag: '"e"' }], '"e"'],
    [[{ Key: encodeURIComponent(`${KEY}x`), ETag: '"e"' }], undefined],
    [[], undefined],
    [undefined, undefined],
  ]) {
    const s3 = scripted({ ListObjectsV2: { Contents } });
    assert.equal(await currentEtag(s3, { Bucket: 'b', Key: KEY }), etag);
    assert.deepEqual(s3.asked, [['ListObjectsV2', { Bucket: 'b', Prefix: KEY, MaxKeys: 1, EncodingType: 'url' }]]);
  }
});
