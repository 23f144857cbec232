// The table of docs/performance.md is what an upload of each kind is billed by.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { requestTable } from './requests.mjs';

test('docs/performance.md has the invocations and the requests of an upload of each kind', async () => {
  const page = await readFile(new URL('../docs/performance.md', import.meta.url), 'utf8');
  const [heads, rows] = await requestTable();
  for (const row of [heads, ...rows]) assert.ok(page.includes(`| ${row.join(' | ')} |\n`), `| ${row.join(' | ')} |`);
});
