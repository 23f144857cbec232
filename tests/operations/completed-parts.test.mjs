// The document of CompleteMultipartUpload, as SDKs write it and as none does: documents made from a list of parts, in every
// way to write it, and the same with pieces put in, taken out and doubled. What is accepted must be the list that an oracle
// reads from the text, which knows nothing of the parser. FUZZ_RUNS and FUZZ_SEED set how often, and from where.

import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { test } from 'node:test';

import fc from 'fast-check';

import { readCompletedParts } from '../../js-shim/operations/completed-parts.mjs';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const RUNS = Number(process.env.FUZZ_RUNS ?? 2000);
const HEX = '0123456789abcdef';

const etag = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{32}(-[1-9][0-9]{0,3})?$/u),
  fc.stringMatching(/^[0-9A-F]{32}$/u),
  fc.stringMatching(/^[A-Za-z0-9+/=._-]{1,64}$/u),
);
const part = fc.record({ number: fc.integer({ min: 1, max: 10_000 }), etag });
const blank = fc.constantFrom('', ' ', '\n', '\t', '\r\n  ');

/** How one document is written. */
const style = fc.record({
  declaration: fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>', "\n<?xml version='1.0'?>\n"),
  namespace: fc.constantFrom('', ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', ' xmlns="http://doc.oss-cn-hangzhou.aliyuncs.com"'),
  prefix: fc.constantFrom('', 'o:'),
  quote: fc.constantFrom('', '"', '&quot;', '&#34;', '&#x22;'),
  etagFirst: fc.boolean(),
  blank,
  inside: blank,
  escaped: fc.boolean(),
});

/** @param {{ number: number, etag: string }[]} parts @param {any} style */
function written(parts, { declaration, namespace, prefix, quote, etagFirst, blank, inside, escaped }) {
  const element = (/** @type {string} */ name, /** @type {string} */ content) => `<${prefix}${name}>${content}</${prefix}${name}>`;
  const text = (/** @type {string} */ value) => (escaped ? value.replace(/[0-9a-f]/u, (c) => `&#${c.charCodeAt(0)};`) : value);
  const list = parts.map(({ number, etag }) => {
    const fields = [element('PartNumber', `${inside}${number}${inside}`), element('ETag', `${inside}${quote}${text(etag)}${quote}`)];
    return element('Part', `${blank}${(etagFirst ? fields.toReversed() : fields).join(blank)}${blank}`);
  });
  const bound = prefix === '' ? namespace : ` xmlns:o="urn:a"${namespace}`;
  return `${declaration}<${prefix}CompleteMultipartUpload${bound}>${blank}${list.join(blank)}${blank}</${prefix}CompleteMultipartUpload>`;
}

/** An ETag in quotes as S3 gets it: one of OSS's, an MD5 in upper case, in lower case. */
const forS3 = (/** @type {string} */ etag) => `"${/^[0-9A-Fa-f]{32}$/u.test(etag) ? etag.toLowerCase() : etag}"`;

const ENTITIES = new Map(Object.entries({ quot: '"', amp: '&', lt: '<', gt: '>', apos: "'" }));

/** What a text says once its references are replaced. */
function unescaped(/** @type {string} */ text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/giu, (all, hex, decimal, name) => {
    if (name) return ENTITIES.get(name) ?? all;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

/** The parts of a document that was accepted, by its tags alone; undefined where text is outside of fields. */
function byTags(/** @type {string} */ xml) {
  const parts = [];
  let fields = new Map();
  let open = '';
  let depth = 0;
  for (const [, tag, text] of xml.matchAll(/<((?:"[^"]*"|'[^']*'|[^>"'])*)>|([^<]+)/gu)) {
    const name = (tag ?? '').replace(/^\/?(?:[^\s:/]+:)?/u, '').replace(/[\s/].*$/su, '');
    if (text !== undefined && ['PartNumber', 'ETag'].includes(open)) fields.set(open, (fields.get(open) ?? '') + unescaped(text));
    if (tag === undefined && depth !== 3 && text.trim() !== '') return undefined;
    if (tag === undefined) continue;
    if (!tag.startsWith('?') && !tag.endsWith('/')) depth += tag.startsWith('/') ? -1 : 1;
    open = tag.startsWith('/') ? '' : name;
    if (tag.startsWith('/') && name === 'Part') {
      parts.push({ PartNumber: Number(fields.get('PartNumber')), ETag: forS3(fields.get('ETag').trim().replaceAll(/^"|"$/gu, '')) });
      fields = new Map();
    }
  }
  return parts;
}

/** Pieces that a parser may take for something else. */
const pieces = [
  '<', '>', '&', '"', "'", '/', ']]>', '<!--', '-->', '<![CDATA[', '<?x?>', '<!DOCTYPE a>', '&quot;', '&#0;', '&#x10ffff;', '&a;', '\0', '\u{fffe}',
  '<!-- -->', '<![CDATA[a]]>', '<?a b?>', '<Part><PartNumber>0</PartNumber><ETag>a</ETag></Part>', ' ', '<Part>', '</Part>', '<ETag>', '<PartNumber>1</PartNumber>', '<ETag/>', '<Other>x</Other>', ' a="b"', 'xmlns:o="u"', 'o:', '0', '10001', '-1', HEX,
];
const change = fc.record({ at: fc.nat(), length: fc.constantFrom(0, 0, 1, 7), piece: fc.constantFrom(...pieces, '') });

function changed(/** @type {string} */ xml, /** @type {any[]} */ changes) {
  return changes.reduce((text, { at, length, piece }) => {
    const from = at % (text.length + 1);
    return text.slice(0, from) + piece + text.slice(from + length);
  }, xml);
}

const parts = fc.array(part, { minLength: 1, maxLength: 4 });

/** Both properties, of a reader; a failure is thrown. */
function check(/** @type {typeof readCompletedParts} */ read, runs = RUNS) {
  fc.assert(
    fc.property(parts, style, (list, how) => {
      const expected = list.map(({ number, etag }) => ({ PartNumber: number, ETag: forS3(etag) }));
      assert.deepEqual(read(written(list, how)), expected);
    }),
    { seed: SEED, numRuns: runs },
  );
  fc.assert(
    fc.property(parts, style, fc.array(change, { minLength: 1, maxLength: 3 }), (list, how, changes) => {
      const xml = changed(written(list, how), changes);
      const found = read(xml);
      if (found === undefined) return;
      assert.ok(!/<!--|<!\[CDATA|<!DOCTYPE|\0/u.test(xml), xml);
      assert.deepEqual(found, byTags(xml), xml);
      for (const { PartNumber, ETag } of found) {
        assert.ok(PartNumber >= 1 && PartNumber <= 10_000 && /^"[!#-%'-;=?-~]{1,128}"$/u.test(ETag), ETag);
      }
    }),
    { seed: SEED, numRuns: 2 * runs },
  );
}

test('reads the list of each document, and of a changed one nothing else than it says', () => check(readCompletedParts));

/** A fault of the reader's text, and what takes the text's place. */
const FAULTS = [
  ['a comment in a number', "'doctype', 'comment',", "'doctype',"],
  ['the first of two numbers', 'depth !== DEPTH.field || this.#fields.has(name)', 'depth !== DEPTH.field'],
  ['text between elements', "else if (text.trim() !== '') refuse();", ''],
  ['part 0', '/^[1-9]\\d{0,4}$/u', '/^\\d{1,5}$/u'],
  ['an ETag in upper case', 'etag.toLowerCase() : etag', 'etag : etag'],
  ['a reference that is not an ETag', '|["<>&]/u', '/u'],
];

for (const [name, find, replace] of FAULTS) {
  test(`finds a fault that is planted: ${name}`, async () => {
    const source = await readFile(new URL('../../js-shim/operations/completed-parts.mjs', import.meta.url), 'utf8');
    assert.equal(source.split(find).length, 2, `the reader has no ${find} any more: plant the fault elsewhere`);
    const folder = new URL(`../../target/planted/${process.pid}/`, import.meta.url);
    await mkdir(folder, { recursive: true });
    const file = new URL(`${name.replaceAll(/\W/gu, '-')}.mjs`, folder);
    await writeFile(file, source.replace(find, () => replace));
    try {
      const { readCompletedParts: faulty } = await import(file.href);
      assert.throws(() => check(faulty, 4000), name);
    } finally {
      await rm(file);
    }
  });
}
