// docs/threat-model.md names the test that shows each defence. A test that was renamed or removed leaves a hole there.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const DOCUMENT = new URL('../../docs/threat-model.md', import.meta.url);

test('names tests that exist', async () => {
  let found = 0;
  for (const cell of (await readFile(DOCUMENT, 'utf8')).split(/\||\n/u)) {
    // `one`, `two` in [file](path), one after the other.
    for (const [, names, path] of cell.matchAll(/((?:`[^`]+`(?:, )?)+) in \[[^\]]+\]\(([^)#]+)\)/gu)) {
      const tests = await readFile(new URL(path, DOCUMENT), 'utf8');
      for (const [, name] of names.matchAll(/`([^`]+)`/gu)) {
        assert.ok(tests.includes(name), `${path} has no ${name}`);
        found += 1;
      }
    }
  }
  assert.ok(found > 20, `${found} tests`);
});

test('links to files that exist', async () => {
  const links = [...(await readFile(DOCUMENT, 'utf8')).matchAll(/\]\(([^)#]+)[^)]*\)/gu)];
  await Promise.all(links.map(([, path]) => readFile(new URL(path, DOCUMENT))));
});
