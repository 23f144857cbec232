// cfn-lint, from .venv, as the tests of templates run it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const CFN_LINT = fileURLToPath(new URL('../../.venv/bin/cfn-lint', import.meta.url));

/** What puts the tools of these tests into .venv. */
export const INSTALL = 'python3 -m venv .venv; .venv/bin/pip install -r tests/deploy/requirements.txt';

/**
 * @param {string} files as the shell takes them @param {string} [regions]
 * @returns {Promise<{ status: number, stdout: string }>}
 */
export async function cfnLint(files, regions = 'eu-west-1 us-east-1') {
  await access(CFN_LINT).catch(() => assert.fail(`expected cfn-lint: ${INSTALL}`));
  const command = `"${CFN_LINT}" --non-zero-exit-code informational --regions ${regions} -- ${files}`;
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', command], (error, stdout) => resolve({ status: error ? Number(error.code) : 0, stdout }));
  });
}
