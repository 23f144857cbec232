// The lines of the log.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isoTime } from '../../js-shim/edge/log.mjs';
import { NOW } from './fixture.mjs';

test('the time of a line is what Date makes of it, whatever the line before had', () => {
  for (const time of [NOW, NOW, NOW + 5, NOW + 45, NOW + 999, NOW + 1005, NOW + 5, 0, 999, Date.parse('9999-12-31T23:59:59.999Z')]) {
    assert.equal(isoTime(time), new Date(time).toISOString());
  }
});
