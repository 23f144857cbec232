// An explanation for a person.

import { printable } from '../table.mjs';

/** @typedef {import('./explainer.mjs').Explanation} Explanation */

/** @param {Explanation} explanation @returns {string} */
export function report(explanation) {
  const { id, input, proves, notes, stringToSign, canonicalRequest } = explanation;
  const parts = [`${id} (${input})`, indent(verdictOf(explanation)), indent(signatureOf(explanation))];
  if (explanation.form !== null) parts.push(`  what should have been signed\n${indent(piecesOf(explanation.form), 4)}`);
  if (canonicalRequest !== null) parts.push(`  CanonicalRequest\n${indent(canonicalRequest, 4)}`);
  if (stringToSign !== null) parts.push(`  StringToSign\n${indent(stringToSign, 4)}`);
  parts.push(indent([...notes, proves].join('\n')));
  return `${parts.filter((part) => part.trim() !== '').join('\n\n')}\n`;
}

/**
 * One line, for `serve --explain`.
 *
 * @param {Explanation} explanation
 * @returns {string | undefined} undefined if there is nothing to say
 */
export function hypothesisLine({ cause, signature, tested }) {
  if (cause !== null) return printable(`${cause.hypotheses.join(' + ')}: ${cause.advice.join(' ')}`);
  return signature === 'wrong'
    ? `no hypothesis verifies (${tested} tested): the device has another secret, or signs otherwise`
    : undefined;
}

/** @param {Explanation} explanation */
function verdictOf({ decision, code, detail, judgedAt, accessKeyId, scheme, advice, cause }) {
  const when = judgedAt === null ? '' : `, as of ${judgedAt}`;
  const who = [accessKeyId, scheme].filter(Boolean).join(', ');
  const verdict = decision === 'forward' ? 'accepted' : `refused${code === null ? '' : ` with ${code}`}`;
  const lines = [`${decision === null ? 'not decided' : verdict}${when}${who && ` (${who})`}`];
  if (detail !== null) lines.push(detail);
  if (advice !== null && cause === null) lines.push(advice);
  return lines.join('\n');
}

/** @param {Explanation} explanation */
function signatureOf({ signature, cause, tested }) {
  if (signature === 'right') return 'the signature is right';
  if (cause !== null) return `${cause.hypotheses.join(' + ')}\n${cause.advice.join('\n')}`;
  if (signature === 'unknown') return 'the signature was not tested';
  return (
    `none of ${tested} forms verifies with a secret of this access key. The likeliest cause is another secret on the ` +
    'device: compare the SHA-256 of both.'
  );
}

/** @param {Record<string, unknown>} form */
function piecesOf(form) {
  const width = Math.max(...Object.keys(form).map((name) => name.length));
  return Object.entries(form)
    .map(
      ([name, value]) =>
        `${name.padEnd(width)}  ${typeof value === 'string' ? value || '(empty)' : JSON.stringify(value)}`,
    )
    .join('\n');
}

/** @param {string} text @param {number} [by] */
function indent(text, by = 2) {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(by)}${printable(line)}`.trimEnd())
    .join('\n');
}
