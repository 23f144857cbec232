// The log of `serve` for a person: one line per request.

import { printable } from './table.mjs';

/**
 * @param {import('./serve.mjs').LogEntry} entry
 * @param {import('./serve.mjs').LogLine | undefined} decision
 * @returns {string}
 */
export function requestLine(entry, decision) {
  const { method, uri, status, origin, bytes, milliseconds, violation, s3Error } = entry;
  const { operation, code, detail, hypothesis } = decision ?? {};
  const answer = decision?.decision === 'answer' ? 'preflight' : undefined;
  const s3 = s3Error && `S3: ${s3Error}`;
  // Failures behind the API or in the relay have S3's code as their detail.
  const cause = detail === code ? undefined : detail;
  const what = violation ?? [answer, operation, code, cause, s3].filter(Boolean).join(', ');
  const line = printable([method, uri, status, origin ?? '-', `${bytes} B`, `${milliseconds} ms`, what].join('  '));
  return hypothesis === undefined ? line : `${line}\n  ${printable(String(hypothesis))}`;
}
