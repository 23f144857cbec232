// Requests that are written down, in tests/vectors/ and tests/malformed/, as CloudFront's events.

import { createHmac } from 'node:crypto';

import { ACCESS_KEY, viewerEvent } from './fixture.mjs';

/** @typedef {{ id: string, now: number, event: any }} Case an event, and when it is decided on */

/**
 * @param {{ method: string, uri: string, query: string, headers: [string, string][] }} request with its header lines
 * @returns {any}
 */
export function eventOf({ method, uri, query, headers }) {
  /** @type {Record<string, { key: string, value: string }[]>} */
  const lines = Object.create(null);
  for (const [key, value] of headers) (lines[key.toLowerCase()] ??= []).push({ key, value });
  const event = viewerEvent({ method, uri, querystring: query, headers: {} });
  event.Records[0].cf.request.headers = { ...lines };
  return event;
}

/** @param {any} vector */
export function eventOfVector({ request: { method, host, pathAndQuery, headers } }) {
  const [uri, ...query] = pathAndQuery.split('?');
  return eventOf({ method, uri, query: query.join('?'), headers: host === undefined ? headers : [['host', host], ...headers] });
}

/** When a vector's request is in time, and when it isn't. @param {any} vector */
export function timesOf({ now, date, expires }) {
  const times = [Date.parse('2026-11-24T00:00:00Z')];
  if (typeof now === 'string') times.push(Date.parse(now));
  if (expires !== undefined) times.push(Number(expires) * 1000 - 60_000);
  const iso = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(date ?? '');
  if (iso) times.push(Date.UTC(Number(iso[1]), Number(iso[2]) - 1, Number(iso[3]), Number(iso[4]), Number(iso[5]), Number(iso[6])));
  return times;
}

/**
 * The same request with the right signature of version 1 over the text that its refusal shows.
 *
 * @param {Case} one @param {string | undefined} text as the XML has it
 * @returns {Case | undefined} nothing without a text, or without a signature in the header
 */
export function signedAnew({ id, now, event }, text) {
  const authorization = event.Records[0].cf.request.headers.authorization?.[0].value;
  if (text === undefined || !authorization?.startsWith(`OSS ${ACCESS_KEY.accessKeyId}:`)) return undefined;
  const copy = structuredClone(event);
  const signed = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#13;', '\r').replaceAll('&amp;', '&');
  const signature = createHmac('sha1', ACCESS_KEY.accessKeySecret).update(signed).digest('base64');
  copy.Records[0].cf.request.headers.authorization[0].value = `OSS ${ACCESS_KEY.accessKeyId}:${signature}`;
  return { id: `${id}, signed anew`, now, event: copy };
}
