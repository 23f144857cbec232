// Prints findings.

import { printable } from '../table.mjs';

const WORDS = { holds: 'holds  ', fails: 'FAILS  ', unknown: 'unknown' };

/**
 * @param {import('../../network/finding.mjs').Finding[]} findings @param {boolean} json
 * @returns {number} the exit status: 1 if something fails
 */
export function showFindings(findings, json) {
  for (const finding of findings) {
    const { what, verdict, found, follows } = finding;
    const line = `${WORDS[verdict]}  ${printable(what)}: ${printable(found)}\n`;
    const advice = follows === undefined ? '' : `           ${follows}\n`;
    process.stdout.write(json ? `${JSON.stringify(finding)}\n` : `${line}${advice}`);
  }
  return findings.some(({ verdict }) => verdict === 'fails') ? 1 : 0;
}
