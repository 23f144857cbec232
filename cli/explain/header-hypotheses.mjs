// Hypotheses about Content-Type, Content-MD5, the date, and the `x-oss-*` headers.

import { createHash } from 'node:crypto';

import { decoded, encoded } from './signed-text.mjs';

/**
 * @typedef {import('./signed-text.mjs').Form} Form
 * @typedef {import('./signed-text.mjs').Pair} Pair
 * @typedef {import('./hypotheses.mjs').Context} Context
 * @typedef {import('./hypotheses.mjs').Hypothesis} Hypothesis
 */

/** The defaults of HTTP libraries and SDKs. */
const COMMON_TYPES = [
  'application/octet-stream',
  'binary/octet-stream',
  'application/x-www-form-urlencoded',
  'application/json',
  'application/xml',
  'application/zip',
  'text/plain',
  'text/html',
  'text/csv',
  'image/jpeg',
  'image/png',
  'video/mp4',
];

const CHARSETS = ['; charset=utf-8', '; charset=UTF-8', ';charset=utf-8', ';charset=UTF-8', '; charset=ISO-8859-1'];

/** The MD5 of no bytes, in base64. */
const EMPTY_MD5 = '1B2M2Y8AsgTpgAmY7PhCfg==';

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
export function headerHypotheses(form, context) {
  return [...contentTypes(form), ...contentMd5s(form, context), ...dates(form, context), ...ossHeaders(form, context)];
}

/** @param {Form} form @returns {Hypothesis[]} */
function contentTypes(form) {
  const sent = valueOf(form, 'content-type');
  const [type] = sent.split(/\s*;/u, 1);
  const found = [];
  if (sent !== '') {
    found.push({
      name: 'content-type-added',
      advice:
        `The device signs no Content-Type and sends \`${sent}\`: its HTTP library adds it after signing. Set a ` +
        'Content-Type before signing, or keep the library from adding one.',
      form: withValue(form, 'content-type', ''),
    });
  }
  if (type !== sent) {
    found.push({
      name: 'charset-added',
      advice: `The device signs \`${type}\` and sends \`${sent}\`: its HTTP library adds the charset. Sign both.`,
      form: withValue(form, 'content-type', type),
    });
  }
  for (const other of sent === '' ? [] : [...CHARSETS.map((charset) => type + charset), sent.toLowerCase()]) {
    found.push({
      name: 'charset-changed',
      advice: `The device signs \`${other}\` and \`${sent}\` arrived: its HTTP library or a proxy rewrites the type.`,
      form: withValue(form, 'content-type', other),
    });
  }
  for (const other of COMMON_TYPES) {
    found.push({
      name: sent === '' ? 'content-type-removed' : 'content-type-changed',
      advice:
        `The device signs Content-Type \`${other}\`, and ${sent === '' ? 'none' : `\`${sent}\``} arrived: its HTTP ` +
        'library or a proxy changes it after signing.',
      form: withValue(form, 'content-type', other),
    });
  }
  return found;
}

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function contentMd5s(form, { body }) {
  const sent = valueOf(form, 'content-md5');
  const found = [];
  if (sent !== '') {
    found.push(
      changed(
        'content-md5-added',
        'The device signs no Content-MD5, but sends one: something adds it after signing.',
        '',
      ),
      changed(
        'content-md5-hexadecimal',
        'The device signs Content-MD5 in hexadecimal digits and sends it in base64.',
        Buffer.from(sent, 'base64').toString('hex'),
      ),
    );
  }
  const digest = body && createHash('md5').update(body).digest('base64');
  for (const other of [digest, EMPTY_MD5]) {
    if (other === undefined) continue;
    const what = other === digest ? 'the digest of the body' : 'the digest of an empty body';
    found.push(
      sent === ''
        ? changed(
            'content-md5-removed',
            `The device signs Content-MD5, ${what}, which something removes on the way.`,
            other,
          )
        : changed('content-md5-changed', `The device signs another Content-MD5 than it sends: ${what}.`, other),
    );
  }
  return found;

  /** @param {string} name @param {string} advice @param {string} value */
  function changed(name, advice, value) {
    return { name, advice, form: withValue(form, 'content-md5', value) };
  }
}

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function dates(form, { sent }) {
  const date = sent.find(([name]) => name.toLowerCase() === 'date')?.[1];
  const ossDate = form.headers.find(([name]) => name === 'x-oss-date')?.[1];
  const time = timeOf(form.date);
  const found = [];
  if (date !== undefined && ossDate !== undefined) {
    found.push(
      signed(
        'date-signed',
        'The device signs Date and sends `x-oss-date` too, which goes before it. Send one of them, ' +
          'or sign `x-oss-date`.',
        date,
      ),
    );
  }
  if (ossDate !== undefined) {
    const headers = form.headers.filter(([name]) => name !== 'x-oss-date');
    const advice = '`x-oss-date` was added after signing: the device signs neither it nor its line.';
    found.push(
      signed(
        'date-empty',
        'The device signs an empty line for the date, as Amazon S3 has it for `x-amz-date`. OSS signs the ' +
          'value of `x-oss-date` there.',
        '',
      ),
      { name: 'x-oss-date-added', advice, form: { ...form, headers } },
      ...(date === undefined ? [] : [{ name: 'x-oss-date-added', advice, form: { ...form, headers, date } }]),
    );
  }
  if (time !== undefined) {
    const rfc1123 = time.toUTCString();
    const basic = time.toISOString().replaceAll(/[-:]|\.\d{3}/gu, '');
    const others = [rfc1123, basic, rfc1123.replace('GMT', '+0000'), rfc1123.replace('GMT', 'UTC'), time.toISOString()];
    for (const other of others) {
      found.push(
        signed(
          'date-format',
          'The device signs its date in another format than it sends. Sign the text that is sent.',
          other,
        ),
      );
    }
    for (const hours of HOURS) {
      const moved = new Date(time.getTime() + hours * 3_600_000);
      const other = /^\d{8}T/u.test(form.date)
        ? moved.toISOString().replaceAll(/[-:]|\.\d{3}/gu, '')
        : moved.toUTCString();
      found.push(
        signed(
          'date-time-zone',
          `The device signs a date that is ${hours} hours from the one that it sends: it mixes ` +
            'local time and GMT. Sign and send GMT.',
          other,
        ),
      );
    }
  }
  return found;

  /** @param {string} name @param {string} advice @param {string} text */
  function signed(name, advice, text) {
    return { name, advice, form: { ...form, date: text } };
  }
}

/** Whole time zones. */
const HOURS = [8, -8, ...Array.from({ length: 14 }, (_, hours) => [hours + 1, -hours - 1]).flat()];

/** @param {string} text an RFC 1123 date, or one in ISO 8601's basic form */
function timeOf(text) {
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u.exec(text);
  const time = basic ? Date.parse(`${basic.slice(1, 4).join('-')}T${basic.slice(4).join(':')}Z`) : Date.parse(text);
  return /[A-Za-z]/u.test(text) && !Number.isNaN(time) ? new Date(time) : undefined;
}

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function ossHeaders(form, { sent }) {
  const { headers } = form;
  const own = headers.filter(([name]) => name.startsWith('x-oss-'));
  const rest = headers.filter(([name]) => !name.startsWith('x-oss-'));
  const found = own.map(([name]) =>
    named(
      'header-added',
      `The device doesn't sign \`${name}\`: something adds it after signing.`,
      headers.filter(([other]) => other !== name),
    ),
  );
  if (own.length > 1) found.push(named('header-added', 'The device signs none of the `x-oss-*` headers.', rest));
  const values = own.map(([name, value]) => /** @type {const} */ ([name, value]));
  for (const by of [decoded, encoded, fromLatin1, toLatin1]) {
    found.push(
      named(
        'header-value-encoded',
        'The values of `x-oss-meta-*` are encoded after signing, or signed encoded: sign the ' +
          'bytes that are sent. Headers carry ASCII safely and nothing else.',
        headers.map(([name, value]) => [name, name.startsWith('x-oss-meta-') ? by(value) : value]),
      ),
    );
  }
  const bySent = own.toSorted(([one], [other]) => placeOf(one) - placeOf(other));
  const capitals = 'The device signs names of headers with capitals; OSS signs them in lower case.';
  // A captured request doesn't have the names as sent, so also try how HTTP libraries write them.
  const namings = [sentNameOf, capitalised];
  found.push(
    named(
      'header-order',
      'The device signs the `x-oss-*` headers in the order in which it sends them; OSS sorts them by name.',
      [...bySent, ...rest],
    ),
    named(
      'header-order',
      'The device signs the `x-oss-*` headers sorted by their names as they are written; OSS sorts them in ' +
        'lower case.',
      [...own.toSorted(([one], [other]) => (sentNameOf(one) < sentNameOf(other) ? -1 : 1)), ...rest],
    ),
    ...namings.map((naming) =>
      named('header-case', capitals, [
        ...values.map(([name, value]) => /** @type {Pair} */ ([naming(name), value])),
        ...rest,
      ]),
    ),
  );
  if (form.version === 4) {
    // Version 4 sorts all headers together.
    return found.map((one) => ({
      ...one,
      form: { ...one.form, headers: sortedUnless(one.name === 'header-order', one.form.headers) },
    }));
  }
  return found;

  /** @param {string} name @param {string} advice @param {Pair[]} changed @returns {Hypothesis} */
  function named(name, advice, changed) {
    return { name, advice, form: { ...form, headers: changed } };
  }

  /** @param {string} name in lower case */
  function placeOf(name) {
    return sent.findIndex(([other]) => other.toLowerCase() === name);
  }

  /** @param {string} name in lower case */
  function sentNameOf(name) {
    return sent.find(([other]) => other.toLowerCase() === name)?.[0] ?? name;
  }
}

/** @param {boolean} isOrdered @param {Pair[]} headers */
function sortedUnless(isOrdered, headers) {
  return isOrdered ? headers : headers.toSorted(([one], [other]) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1));
}

/** UTF-8 that was read as Latin-1. @param {string} text */
function fromLatin1(text) {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** @param {string} text */
function toLatin1(text) {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** @param {Form} form @param {'content-type' | 'content-md5'} name */
function valueOf(form, name) {
  if (form.version === 1) return name === 'content-type' ? form.contentType : form.contentMd5;
  return form.headers.find(([known]) => known === name)?.[1] ?? '';
}

/**
 * @param {Form} form @param {'content-type' | 'content-md5'} name @param {string} value empty for none
 * @returns {Form}
 */
function withValue(form, name, value) {
  if (form.version === 1)
    return name === 'content-type' ? { ...form, contentType: value } : { ...form, contentMd5: value };
  const others = form.headers.filter(([known]) => known !== name);
  if (value === '') return { ...form, headers: others };
  return {
    ...form,
    headers: [...others, /** @type {Pair} */ ([name, value])].sort(([one], [other]) => (one < other ? -1 : 1)),
  };
}

/** A header's name as in `X-Oss-Meta-A`. @param {string} name */
function capitalised(name) {
  return name.replaceAll(/(?<=^|-)[a-z]/gu, (letter) => letter.toUpperCase());
}
