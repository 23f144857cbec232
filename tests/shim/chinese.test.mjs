// The Chinese documents are held to the English ones: section by section the same commands and code, the same tables, the
// same links, names in code, and numbers. Who changes the English text is told what to change in the Chinese one.

import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @typedef {object} Section
 * @property {string} heading with its level, as in `## Limits`
 * @property {string[]} blocks of code
 * @property {string[]} rows of tables: how many cells each has, and its names in code
 * @property {string[]} links
 * @property {string[]} names in code, outside of tables
 * @property {string[]} numbers outside of code
 */

/** @param {string} file @returns {Promise<Section[]>} */
async function sectionsOf(file) {
  const text = await readFile(join(ROOT, file), 'utf8');
  const parts = text.split(/^(?=#{1,6} )/mu).reduce(joinedInCode, /** @type {string[]} */ ([]));
  return parts.map(sectionOf);
}

/** A comment in a block of code is no heading. @param {string[]} parts @param {string} part */
function joinedInCode(parts, part) {
  const isOpen = (parts.at(-1)?.match(/^ *```/gmu)?.length ?? 0) % 2 === 1;
  return isOpen ? [...parts.slice(0, -1), parts.at(-1) + part] : [...parts, part];
}

/** @param {string} text @returns {Section} */
function sectionOf(text) {
  const [heading] = text.split('\n');
  /** @type {string[]} */
  const blocks = [];
  const prose = text
    // The way to the other language.
    .replaceAll(/^\[English\].*$/gmu, '')
    .replaceAll(/^ *```\w*\n([\s\S]*?)^ *```$/gmu, (_, code) => {
      blocks.push(code.replaceAll(/^ +/gmu, (/** @type {string} */ blanks) => blanks.slice(indentOf(code))));
      return '';
    });
  const rows = prose.split('\n').filter((line) => line.startsWith('|'));
  const running = prose.split('\n').filter((line) => !line.startsWith('|')).slice(1).join('\n');
  const links = [...prose.matchAll(/\]\(([^)]+)\)/gu)].map(([, to]) => to).filter((to) => !to.includes('zh-CN'));
  const plain = running.replaceAll(/`[^`]+`/gu, '').replaceAll(/\]\([^)]+\)/gu, ']');
  return {
    heading,
    blocks,
    rows: rows.map((row) => `${row.split(' | ').length} cells: ${namesIn(row).join(' ')}`),
    links: links.toSorted(),
    names: [...new Set(namesIn(running))].toSorted(),
    numbers: [...new Set([...plain.matchAll(/\d+(?:[.,]\d+)*/gu)].map(([number]) => number))].toSorted(),
  };
}

/** @param {string} text */
function namesIn(text) {
  return [...text.matchAll(/`([^`]+)`/gu)].map(([, name]) => name.replaceAll('\n', ' '));
}

/** Of a block in a list. @param {string} code */
function indentOf(code) {
  return Math.min(...code.split('\n').filter(Boolean).map((line) => line.length - line.trimStart().length));
}

/** @param {string} where @param {Section} english @param {Section} chinese */
function compare(where, english, chinese) {
  const level = (/** @type {Section} */ { heading }) => heading.split(' ')[0].length;
  assert.equal(level(chinese), level(english), `${where}: another level of heading`);
  for (const part of /** @type {const} */ (['blocks', 'rows', 'links', 'names', 'numbers'])) {
    const missing = without(english[part], chinese[part]);
    const extra = without(chinese[part], english[part]);
    assert.ok(missing.length + extra.length === 0, `${where}: ${part}: missing ${JSON.stringify(missing)}, not in the English text ${JSON.stringify(extra)}`);
  }
  assert.deepEqual(chinese.blocks, english.blocks, `${where}: blocks in another order`);
}

/** @param {string[]} all @param {string[]} others */
function without(all, others) {
  const left = [...others];
  return all.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

test('README.zh-CN.md says what README.md says', async () => {
  const [english, chinese] = await Promise.all(['README.md', 'README.zh-CN.md'].map(sectionsOf));
  assert.equal(chinese.length, english.length, 'README.zh-CN.md: another number of sections');
  for (const [at, section] of english.entries()) compare(`README.zh-CN.md, "${chinese[at].heading}" (${section.heading})`, section, chinese[at]);
});

test('docs/quick-start.zh-CN.md says what docs/deployment.md says of one command', async () => {
  const english = (await sectionsOf('docs/deployment.md')).find(({ heading }) => heading === '## One command');
  const [, ...chinese] = await sectionsOf('docs/quick-start.zh-CN.md');
  assert.equal(chinese.length, 1);
  assert.ok(english);
  compare(`docs/quick-start.zh-CN.md, "${chinese[0].heading}" (docs/deployment.md, ${english.heading})`, english, chinese[0]);
});

test('each link of the Chinese documents leads to a file', async () => {
  for (const file of ['README.zh-CN.md', 'docs/quick-start.zh-CN.md']) {
    const text = await readFile(join(ROOT, file), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#]+)/gu)].map(([, to]) => to).filter((to) => !to.startsWith('http'));
    assert.ok(links.length > 5);
    for (const to of links) await access(join(ROOT, dirname(file), to)).catch(() => assert.fail(`${file}: ${to}`));
  }
});

test('a difference is found, and said', () => {
  const english = sectionOf('## Limits\n\nAt most 5 MiB, `a`: [more](docs/a.md).\n\n| `x` | y |\n\n```sh\nrun me\n```\n');
  assert.doesNotThrow(() => compare('here', english, sectionOf('## 限制\n\n至多 5 MiB，`a`：[更多](docs/a.md)。\n\n| `x` | 乙 |\n\n```sh\nrun me\n```\n')));
  for (const [from, to, message] of [
    ['5 MiB', '6 MiB', /here: numbers: missing \["5"\], not in the English text \["6"\]/u],
    ['`a`', '`b`', /here: names: missing \["a"\]/u],
    ['docs/a.md', 'docs/b.md', /here: links: missing \["docs\/a\.md"\]/u],
    ['| `x` |', '| `x` | `z` |', /here: rows/u],
    ['run me', 'run you', /here: blocks/u],
    ['## 限制', '### 限制', /here: another level/u],
  ]) {
    const chinese = '## 限制\n\n至多 5 MiB，`a`：[更多](docs/a.md)。\n\n| `x` | 乙 |\n\n```sh\nrun me\n```\n'.replace(String(from), String(to));
    assert.throws(() => compare('here', english, sectionOf(chinese)), /** @type {RegExp} */ (message));
  }
});
