// The log of `serve` for a person: one line per request.

import { printable } from './table.mjs';

/**
 * @param {import('./serve.mjs').LogEntry} entry
 * @param {import('./serve.mjs').LogLine | undefined} decision
 * @returns {string}
 */
export function requestLine(entry, decision) {
  const { method, uri, status, origin, bytes, milliseconds, violation } = entry;
  const what = violation ?? [decision?.operation, decision?.code, decision?.detail].filter(Boolean).join(', ');
  const line = [method, uri, status, origin ?? '-', `${bytes} B`, `${milliseconds} ms`, what].join('  ');
  return printable(line);
}
