// Replays recorded events through the bundled functions: what is decided, and why.

import { text as consume } from 'node:stream/consumers';

import { POLICY_WITH_HOST } from '../deploy/distribution.mjs';
import { readEvent } from '../js-shim/edge/cloudfront-event.mjs';
import { originRequestEvent } from '../local/origin-request-event.mjs';
import { bucketOrigins } from './bucket-origin.mjs';
import { fromFunctionsEvent, isFunctionsEvent } from './cloudfront-functions-event.mjs';
import { jsonIn, readText } from './document.mjs';
import { printable, table } from './table.mjs';

/**
 * One line of `--json`. Scripts rely on the fields and their order.
 *
 * @typedef {object} Verdict
 * @property {string} id
 * @property {'forward' | 'deny' | 'answer'} decision `answer` for a preflight that is granted
 * @property {string | null} operation
 * @property {'s3' | 'api' | 'relay' | null} origin
 * @property {string | null} bucket the OSS bucket
 * @property {string | null} key decoded
 * @property {number | null} status of a refusal, or of an answer
 * @property {string | null} code of a refusal
 *
 * @typedef {{ id: string, now?: string | number, event: unknown, expected?: Record<string, unknown> }} Entry
 * @typedef {{ verdict: Verdict, detail: string, notes: string[],
 *   explanation: import('../js-shim/core/gate.mjs').Explanation, differences: string[] }} Replayed
 */

/**
 * The entries of a file: one event, an array of events, or JSON lines of events or of entries.
 *
 * @param {string} file `-` for standard input
 * @returns {Promise<Entry[]>}
 * @throws {Error} that names the file and the line
 */
export async function readEntries(file) {
  const text = await (file === '-' ? consume(process.stdin) : readText(file));
  const whole = jsonIn(text);
  if (Array.isArray(whole)) return whole.map((value, index) => entryOf(value, `${file}[${index}]`));
  if (whole !== undefined) return [entryOf(whole, file)];
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const value = jsonIn(line);
    if (value === undefined) throw new Error(`${file}:${index + 1}: expected a JSON object on one line`);
    return [entryOf(value, `${file}:${index + 1}`)];
  });
}

/**
 * Replays an entry through the functions.
 *
 * @param {Awaited<ReturnType<typeof import('./load-functions.mjs').loadFunctions>>} functions
 * @param {Pick<ReturnType<typeof import('../js-shim/core/gate.mjs').createGate>, 'explain' | 'decide' | 'buckets'>} gate
 *   of the same documents
 * @param {Entry} entry
 * @param {number} now milliseconds since the epoch, for an entry without a time
 * @returns {Promise<Replayed>}
 */
export async function replay(functions, gate, entry, now) {
  const time = entry.now === undefined ? now : readTime(entry.now, `${entry.id}: now`);
  const { event, lost } = isFunctionsEvent(entry.event)
    ? fromFunctionsEvent(entry.event)
    : { event: entry.event, lost: [] };
  /** @type {import('../js-shim/log.mjs').LogLine} */
  let line = {};
  const log = (/** @type {import('../js-shim/log.mjs').LogLine} */ written) => (line = written);
  const name = functionOf(event, entry.id);
  const isServed = name in functions;
  const handler = functions[isServed ? name : 'origin-request'].create({ now: () => time, log });
  const result = await handler(structuredClone(isServed ? event : atOriginRequest(event, gate, time)));
  const verdict = verdictOf(entry.id, line, result, 'relay' in functions ? 'relay' : 'api');
  return {
    verdict,
    detail: String(line.detail ?? ''),
    notes: lost,
    explanation: verdict.code === 'SignatureDoesNotMatch' ? explanationOf(gate, event, time) : {},
    differences: differencesOf(verdict, entry.expected ?? {}),
  };
}

/**
 * A report for a person: a table, then the texts that should have been signed, then what differs from `expected`.
 *
 * @param {Replayed[]} replayed
 * @returns {string}
 */
export function report(replayed) {
  const rows = replayed.map(({ verdict: { id, decision, operation, origin, bucket, key, status, code }, detail }) => [
    id,
    decision,
    operation ?? '',
    decision === 'forward' ? (origin ?? '') : [status, code].filter(Boolean).join(' '),
    bucket === null ? '' : `${bucket}/${key ?? ''}`,
    detail,
  ]);
  const parts = [table(['event', 'decision', 'operation', 'origin or error', 'object', 'why'], rows)];
  for (const { verdict, explanation, notes, differences } of replayed) {
    const id = printable(verdict.id);
    for (const [name, text] of [
      ['StringToSign', explanation.stringToSign],
      ['CanonicalRequest', explanation.canonicalRequest],
    ]) {
      if (text !== undefined) parts.push(`${id}: the ${name} of this request is\n${indent(text)}`);
    }
    for (const note of notes) parts.push(`${id}: ${note}`);
    for (const difference of differences) parts.push(`${id}: ${printable(difference)}`);
  }
  return `${parts.join('\n\n')}\n`;
}

/**
 * @param {string | number} text an ISO 8601 time, or milliseconds since the epoch
 * @param {string} where it was given
 * @returns {number} milliseconds since the epoch
 * @throws {Error} when it is neither
 */
export function readTime(text, where) {
  const time = typeof text === 'number' ? text : /^\d{4}-\d\d-\d\d/u.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time)) throw new Error(`${where}: expected an ISO 8601 time, as in 2026-11-24T01:52:57Z`);
  return time;
}

/** @param {any} value @param {string} place @returns {Entry} */
function entryOf(value, place) {
  const isEntry = typeof value === 'object' && value !== null && 'event' in value;
  if (isEntry) return { ...value, id: String(value.id ?? place) };
  if (!isFunctionsEvent(value) && !Array.isArray(value?.Records)) {
    throw new Error(
      `${place}: expected an event of Lambda@Edge or of CloudFront Functions, or an object with an \`event\``,
    );
  }
  return { id: place, event: value };
}

/**
 * The function that an event is for. An event of an unknown type goes to viewer-request, which fails closed.
 *
 * @param {any} event @param {string} id of its entry
 * @throws {Error} for an event of a response
 */
function functionOf(event, id) {
  const type = event?.Records?.[0]?.cf?.config?.eventType;
  if (type === 'origin-response' || type === 'viewer-response') {
    throw new Error(`${id}: expected an event of viewer request or origin request, not of ${type.replace('-', ' ')}`);
  }
  return type === 'origin-request' ? 'origin-request' : 'viewer-request';
}

/**
 * A viewer-request event as origin-request sees it, where that decides. An event of another type is returned unchanged,
 * and refused.
 *
 * @param {any} event @param {Parameters<typeof replay>[1]} gate @param {number} time
 */
function atOriginRequest(event, gate, time) {
  if (event?.Records?.[0]?.cf?.config?.eventType !== 'viewer-request') return event;
  const { request, requestId } = readEvent(event);
  const domainName = bucketOrigins(gate)(request, time);
  return originRequestEvent(request, { requestId, domainName }, POLICY_WITH_HOST);
}

/**
 * @param {string} id @param {import('../js-shim/log.mjs').LogLine} line @param {any} result
 * @param {'api' | 'relay'} service that the configuration has
 * @returns {Verdict}
 */
function verdictOf(id, line, result, service) {
  const answered = 'status' in result;
  // Only the deciding function logs where a request goes.
  const routed = result.origin?.custom ? service : 's3';
  const decided = line.origin === 's3' || line.origin === 'api' || line.origin === 'relay' ? line.origin : routed;
  return {
    id,
    decision: !answered ? 'forward' : line.decision === 'answer' ? 'answer' : 'deny',
    operation: text(line.operation),
    origin: answered ? null : decided,
    bucket: text(line.bucket),
    key: text(line.key),
    status: answered ? Number(result.status) : null,
    code: answered ? text(line.code) : null,
  };
}

/** @param {unknown} value */
function text(value) {
  return typeof value === 'string' && value !== '' ? value : null;
}

/**
 * What a request should have signed.
 *
 * @param {Parameters<typeof replay>[1]} gate @param {any} event that was refused @param {number} time
 */
function explanationOf(gate, event, time) {
  const { request, requestId } = readEvent(event);
  return gate.explain(request, requestId, time);
}

/** @param {Verdict} verdict @param {Record<string, unknown>} expected */
function differencesOf(verdict, expected) {
  const actual = /** @type {Record<string, unknown>} */ ({ ...verdict });
  return Object.entries(expected)
    .filter(([name, value]) => JSON.stringify(actual[name] ?? null) !== JSON.stringify(value ?? null))
    .map(([name, value]) => `expected ${name} ${JSON.stringify(value)}, got ${JSON.stringify(actual[name] ?? null)}`);
}

/** @param {string} lines */
function indent(lines) {
  return lines
    .split('\n')
    .map((line) => `    ${printable(line)}`)
    .join('\n');
}
