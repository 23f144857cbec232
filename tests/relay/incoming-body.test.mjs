// A request's body as the operations read it, without a server: in parts and as a stream, within its limits, and with the
// memory that it takes and gives back.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { PART_BYTES } from '../../js-shim/operations/body.mjs';
import { Crc64 } from '../../js-shim/operations/crc64.mjs';
import { IncomingBody, SMALL_BODY_BYTES } from '../../js-shim/relay/incoming-body.mjs';
import { Slots } from '../../js-shim/relay/slots.mjs';

const CHUNKED = { 'transfer-encoding': 'chunked' };

/**
 * A body of these pieces, each of which is read by itself where it is large, and its end unless it is told otherwise.
 *
 * @param {Buffer[]} pieces
 * @param {{ headers?: Record<string, string>, ends?: boolean, slots?: Slots, [option: string]: any }} [options]
 */
async function bodyOf(pieces, { headers = CHUNKED, ends = true, slots = new Slots({ slots: 1, slotWaitSeconds: 5 }, 'A_SETTING'), ...options } = {}) {
  const left = [...pieces, ...(ends ? [null] : [])];
  const read = () => void (left.length > 0 && message.push(left.shift()));
  const message = /** @type {any} */ (Object.assign(new Readable({ read }), { headers }));
  const rate = { minBytesPerSecond: 0, rateSeconds: 1 };
  const body = new IncomingBody(message, { maxBytes: Infinity, crc64: await Crc64.create(), slots, rate, ...options });
  return { message, body, slots };
}

/** @param {Buffer} bytes @param {number} size of each piece */
function piecesOf(bytes, size) {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

/** Whether a slot is free, of one. @param {Slots} slots */
async function isFree(slots) {
  const asking = new AbortController();
  const slot = await Promise.race([slots.take(asking.signal).catch(() => undefined), turn(undefined)]);
  asking.abort();
  if (slot !== undefined) slots.give(slot);
  return slot !== undefined;
}

for (const size of [0, 1, SMALL_BODY_BYTES]) {
  test(`a body of ${size} bytes is one part, which needs no slot`, async () => {
    const bytes = randomBytes(size);
    const none = new Slots({ slots: 0, slotWaitSeconds: 5 }, 'A_SETTING');
    for (const length of [undefined, size]) {
      const { body } = await bodyOf(piecesOf(bytes, 1000), { slots: none, length });
      const { bytes: read, last } = await body.nextPart();
      assert.deepEqual([read.equals(bytes), last, body.bytes, body.length], [true, true, size, length]);
      // It has none to give back.
      const waiting = new AbortController();
      const slot = none.take(waiting.signal);
      body.close();
      waiting.abort(new Error('none'));
      await assert.rejects(slot, /^Error: none$/u);
      const { body: streamed } = await bodyOf(piecesOf(bytes, 1000), { slots: none, length });
      assert.ok((await contentOf(streamed)).equals(bytes));
    }
  });
}

for (const [size, piece] of [[SMALL_BODY_BYTES + 1, 65_536], [PART_BYTES - 1, 70_000], [PART_BYTES, 65_536], [PART_BYTES + 1, 65_536], [2 * PART_BYTES, 1_000_000], [3 * PART_BYTES + 7, 12 * 1024 * 1024]]) {
  test(`a body of ${size} bytes that comes ${piece} at a time is read whole, in full parts and a rest`, async () => {
    const bytes = randomBytes(size);
    const { body, slots } = await bodyOf(piecesOf(bytes, piece));
    const parts = [];
    const buffers = [];
    for (let last = false; !last; ) {
      const part = await body.nextPart();
      parts.push(Buffer.from(part.bytes));
      buffers.push(part.bytes.buffer);
      last = part.last;
    }
    assert.ok(Buffer.concat(parts).equals(bytes));
    assert.deepEqual([...new Set(parts.slice(0, -1).map(({ length }) => length))], size > PART_BYTES ? [PART_BYTES] : []);
    // While one is sent, the other is filled.
    buffers.forEach((buffer, at) => assert.notEqual(buffer, buffers[at + 1]));
    assert.deepEqual(buffers.slice(2).map((buffer, at) => buffer === buffers[at]), buffers.slice(2).map(() => true));
    const md5 = createHash('md5').update(bytes).digest();
    const crc64 = await Crc64.create();
    crc64.update(bytes);
    assert.deepEqual(body.digests(), { md5, crc64: crc64.digest() });
    assert.equal(body.digests(), body.digests());
    assert.equal(await isFree(slots), false);
    body.close();
    assert.equal(await isFree(slots), true);
  });
}

test('a large stream takes a slot, as it is held somewhere until S3 has it', async () => {
  const bytes = randomBytes(SMALL_BODY_BYTES + 1);
  const { body, slots } = await bodyOf(piecesOf(bytes, 1000));
  assert.ok((await contentOf(body)).equals(bytes));
  assert.equal(await isFree(slots), false);
  body.close();
  assert.equal(await isFree(slots), true);
});

const FIVE = Buffer.from('hello');
const FRAMING_LEFT = "a hop before the relay left the chunks' framing in the body";

for (const [what, pieces, options, code, message] of /** @type {[string, Buffer[], object, string?, string?][]} */ ([
  ['has the length that was declared', [FIVE], { length: 5 }, undefined],
  ['is shorter than declared', [FIVE], { length: 6 }, 'IncompleteBody', '5 of 6 bytes'],
  ['is empty and was declared longer', [], { length: 1 }, 'IncompleteBody', '0 of 1 bytes'],
  ['is longer than declared', [FIVE], { length: 4 }, 'IncompleteBody', 'more than 4 bytes'],
  ['is as long as it may be', [FIVE], { maxBytes: 5 }, undefined],
  ['is longer than it may be', [FIVE], { maxBytes: 4 }, 'EntityTooLarge', 'more than 4 bytes'],
  ['is longer than it may be, in pieces', [FIVE, FIVE], { maxBytes: 9 }, 'EntityTooLarge', 'more than 9 bytes'],
  ['has the MD5 that was declared', [FIVE], { contentMd5: 'XUFAKrxLKna5cZ2REBfFkg==' }, undefined],
  ['has another MD5', [FIVE], { contentMd5: '1B2M2Y8AsgTpgAmY7PhCfg==' }, 'BadDigest', 'the body has another Content-MD5'],
  ['is empty and has its MD5', [], { contentMd5: '1B2M2Y8AsgTpgAmY7PhCfg==' }, undefined],
  ['still has its chunks', [Buffer.from('5\r\nhel')], { length: 6, headers: {}, mayHaveLostChunks: true }, 'IncompleteBody', FRAMING_LEFT],
  ['is the size of a chunk', [Buffer.from('5')], { length: 5, headers: {}, mayHaveLostChunks: true }, 'IncompleteBody', '1 of 5 bytes'],
  ['begins like a chunk and came with a length alone', [Buffer.from('5\r\nhel')], { length: 6, headers: {} }, undefined],
  ['begins like a chunk within chunks', [Buffer.from('5\r\nhel')], { length: 6, mayHaveLostChunks: true }, undefined],
  ['begins like a chunk and has no length', [Buffer.from('5\r\nhel')], { headers: {}, mayHaveLostChunks: true }, undefined],
])) {
  test(`a body that ${what} is ${code ? `refused as ${code}, before its last bytes are given out` : 'taken'}`, async () => {
    const { body: parts } = await bodyOf(pieces, options);
    const { body: stream } = await bodyOf(pieces, options);
    const given = /** @type {Buffer[]} */ ([]);
    const streamed = async () => {
      for await (const chunk of stream.stream()) given.push(chunk);
    };
    if (code === undefined) {
      assert.deepEqual((await parts.nextPart()).bytes, Buffer.concat(pieces));
      await streamed();
      assert.deepEqual(Buffer.concat(given), Buffer.concat(pieces));
    } else {
      await assert.rejects(parts.nextPart(), { name: code, message });
      await assert.rejects(streamed, { name: code, message });
      assert.ok(Buffer.concat(given).length < Buffer.concat(pieces).length || pieces.length === 0);
    }
  });
}

for (const [what, options, code] of /** @type {const} */ ([['declared', { length: 9 }, 'IncompleteBody'], ['allowed', { maxBytes: 9 }, 'EntityTooLarge']])) {
  test(`a body that is longer than ${what} is refused before it ends`, async () => {
    const { body } = await bodyOf([FIVE, FIVE], { ends: false, ...options });
    await assert.rejects(body.nextPart(), { name: code });
  });
}

test('gives S3 bytes as a stream, and not objects that are bytes', async () => {
  assert.equal((await bodyOf([FIVE])).body.stream().readableObjectMode, false);
});

test('a body whose connection is cut is incomplete, whoever reads it', async () => {
  for (const read of [(/** @type {IncomingBody} */ body) => body.nextPart(), contentOf]) {
    const { body, message } = await bodyOf([FIVE], { ends: false });
    const reading = read(body);
    await turn();
    message.destroy(new Error('ECONNRESET'));
    await assert.rejects(reading, { name: 'IncompleteBody' });
    body.close();
  }
});

test('a body whose connection is cut waits for no slot', async () => {
  const { body, message, slots } = await bodyOf([Buffer.alloc(100_000)], { ends: false });
  const slot = await slots.take(new AbortController().signal);
  const reading = body.nextPart();
  await turn();
  message.destroy(new Error('ECONNRESET'));
  await assert.rejects(reading, { name: 'IncompleteBody' });
  slots.give(slot);
  assert.equal(await isFree(slots), true);
});

test('a body that is closed while it waits for a slot takes none', async () => {
  const { body, slots } = await bodyOf([Buffer.alloc(100_000)], { ends: false });
  const slot = await slots.take(new AbortController().signal);
  const reading = body.nextPart();
  await turn();
  // The slot is given to it in the same turn.
  slots.give(slot);
  body.close();
  await assert.rejects(reading, { name: 'IncompleteBody' });
  assert.equal(await isFree(slots), true);
});

test('a body that is closed gives nothing more out, and what still comes is read and discarded', async () => {
  const { body, message } = await bodyOf([FIVE], { ends: false });
  const reading = body.nextPart();
  await turn();
  body.close();
  message.push(FIVE);
  await assert.rejects(reading, { name: 'IncompleteBody' });
  await assert.rejects(body.nextPart(), { name: 'IncompleteBody' });
  assert.deepEqual([body.bytes, message.destroyed], [5, false]);
  message.on('data', () => {}).resume();
  message.push(null);
  await new Promise((resolve) => message.once('end', resolve));
});

test('a client that sends too slowly is told so, by the bytes of this body', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const rate = { minBytesPerSecond: 5, rateSeconds: 1 };
  const { body, message } = await bodyOf([FIVE], { ends: false, rate });
  const reading = body.nextPart();
  let told = 'nothing';
  reading.catch(({ name }) => (told = name));
  await turn();
  t.mock.timers.tick(999);
  await turn();
  assert.equal(told, 'nothing');
  t.mock.timers.tick(1);
  await assert.rejects(reading, { name: 'RequestTimeout', message: /^under \d+ bytes a second \(RELAY_MIN_BYTES_PER_SECOND\) for \d+ s$/u });
  message.destroy();
});

/** @param {IncomingBody} body */
async function contentOf(body) {
  const chunks = [];
  for await (const chunk of body.stream()) chunks.push(chunk);
  return Buffer.concat(chunks);
}
