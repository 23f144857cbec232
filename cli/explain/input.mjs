// Reads what people have of a failed request, and recognises its form.

import { fromFunctionsEvent, isFunctionsEvent } from '../cloudfront-functions-event.mjs';
import { jsonIn } from '../document.mjs';
import { readTime } from '../replay.mjs';
import { sdkErrorOf } from './exception.mjs';
import { requestOfEvent, requestOfText, requestsOfCurl, requestsOfHar } from './http-message.mjs';
import { encoded } from './signed-text.mjs';

/**
 * @typedef {'log-line' | 'captured-line' | 'event' | 'http' | 'curl' | 'har' | 'sdk-exception'} InputForm
 * @typedef {import('./http-message.mjs').HttpRequest} HttpRequest
 * @typedef {import('../../js-shim/log.mjs').LogLine} LogLine
 *
 * @typedef {object} Subject one failed request
 * @property {string} id where it is in the input
 * @property {InputForm} form
 * @property {HttpRequest} [request]
 * @property {LogLine} [line] of the log
 * @property {import('./exception.mjs').SdkError} [error]
 */

/** What each form of input proves, and what it can't. */
const PROVES = Object.freeze({
  'log-line':
    'A line of the log has no signature: it shows the cause that was logged, and no hypothesis can be tested. Name ' +
    'its access key in `capture` of the configuration, and the next line has what it takes.',
  'captured-line':
    "A captured line has the signed parts and the signature's hash: hypotheses are tested by it. The body isn't in it.",
  event: 'An event has the whole request but its body: hypotheses are tested by the signature.',
  http: 'A raw request is tested by its signature. What is changed on the way after it was recorded is not in it.',
  curl: 'The request that curl printed is tested by its signature. It is what curl sent, not what the device sends.',
  har:
    'A HAR file has what a browser sent, tested by the signature. A browser leaves headers out, or has them in ' +
    "another order: what can't be verified may be the file's fault.",
  'sdk-exception':
    'An exception with SignatureProvided and StringToSign is tested by the signature. Without them it has the ' +
    'code alone: look for the line of the log with its request id. What is not signed is not in it.',
});

/** Of a line with a code that has nothing to do with its signature. */
const PROVES_ITS_CAUSE = 'A line of the log shows the cause that was logged, and the request is not in it.';

/** @param {InputForm} form @param {string | null} decision @param {string | null} code of the refusal */
export function provesOf(form, decision, code) {
  const mayNeedSignature =
    decision !== 'forward' && (code === null || ['SignatureDoesNotMatch', 'InvalidAccessKeyId'].includes(code));
  return form === 'log-line' && !mayNeedSignature ? PROVES_ITS_CAUSE : PROVES[form];
}

/**
 * @param {string} text
 * @param {string} name of the file, for ids
 * @returns {Subject[]}
 * @throws {Error} when no form is recognised
 */
export function subjectsOf(text, name) {
  const found = subjectsOfJson(text, name) ?? subjectsOfText(text, name);
  if (found.length === 0) {
    throw new Error(
      `${name}: expected a line of the log about a request, an event of viewer request, an HTTP request, what curl -v ` +
        'prints, a HAR file with a signed request, or the text of an exception',
    );
  }
  return found;
}

/** @param {string} text @param {string} name @returns {Subject[]} */
function subjectsOfText(text, name) {
  const curl = requestsOfCurl(text);
  if (curl.length > 0) return curl.map((request, index) => ({ id: idOf(name, index, curl), form: 'curl', request }));
  const request = requestOfText(text.trimStart());
  if (request !== undefined) return [{ id: name, form: 'http', request }];
  const error = sdkErrorOf(text.replaceAll('\r\n', '\n'));
  return error === undefined ? [] : [{ id: name, form: 'sdk-exception', error }];
}

/** @param {string} text @param {string} name @returns {Subject[] | undefined} undefined where it isn't JSON */
function subjectsOfJson(text, name) {
  const whole = jsonIn(text);
  if (whole !== undefined)
    return [whole].flat().flatMap((value, index, all) => subjectsOfValue(value, idOf(name, index, all)));
  const lines = text
    .split('\n')
    .map((line, index) => ({ value: jsonIn(/\{.*\}/u.exec(line)?.[0] ?? ''), id: `${name}:${index + 1}` }));
  const known = lines.flatMap(({ value, id }) => (value === undefined ? [] : subjectsOfValue(value, id)));
  return known.length > 0 ? known : undefined;
}

/** @param {any} value @param {string} id @returns {Subject[]} */
function subjectsOfValue(value, id) {
  if (Array.isArray(value?.log?.entries)) {
    const requests = requestsOfHar(value);
    return requests.map((request, index) => ({ id: idOf(id, index, requests), form: 'har', request }));
  }
  // What CloudWatch's filter-log-events answers.
  if (Array.isArray(value?.events)) {
    return value.events.flatMap((/** @type {any} */ { message }, /** @type {number} */ index) =>
      subjectsOfValue(jsonIn(String(message)), `${id}[${index}]`),
    );
  }
  if (typeof value?.log === 'number' && value.event !== 'access-keys') return [subjectOfLine(value, id)];
  const entry = value?.event === undefined ? { id, event: value, now: undefined } : { id, ...value };
  const event = isFunctionsEvent(entry.event) ? fromFunctionsEvent(entry.event).event : entry.event;
  const request = event?.Records?.[0]?.cf?.request;
  if (request?.headers === undefined) return [];
  const time = entry.now === undefined ? undefined : readTime(entry.now, `${entry.id}: now`);
  return [{ id: String(entry.id), form: 'event', request: { ...requestOfEvent(request), time } }];
}

/** @param {any} line of the log @param {string} id @returns {Subject} */
function subjectOfLine(line, id) {
  const { captured, host, method, time } = line;
  if (!Array.isArray(captured?.headers) || !Array.isArray(captured.query)) return { id, form: 'log-line', line };
  const query = pairsOf(captured.query)
    .map((pair) => pair.map(encoded).join('='))
    .join('&');
  const signed = pairsOf(captured.headers).filter(([name]) => name !== 'host');
  const headers = [/** @type {[string, string]} */ (['host', String(host ?? '')]), ...signed];
  const request = {
    method: String(method),
    path: String(captured.uri),
    query,
    headers,
    time: Date.parse(time) || undefined,
  };
  return { id, form: 'captured-line', line, request };
}

/** @param {any[]} list */
function pairsOf(list) {
  return list.map((pair) => /** @type {[string, string]} */ ([String(pair?.[0]), String(pair?.[1])]));
}

/** @param {string} name @param {number} index @param {unknown[]} all */
function idOf(name, index, all) {
  return all.length > 1 ? `${name}[${index}]` : name;
}
