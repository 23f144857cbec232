// Checks a document by its JSON Schema, which editors read too.

import { readFileSync } from 'node:fs';

import Ajv from 'ajv';

/** Shared, because it caches the schemas that it compiled. */
const ajv = new /** @type {any} */ (Ajv).default({
  verbose: true,
  strictTypes: false,
  discriminator: true,
  formats: { ipv4: true },
});

/**
 * @param {object} schema
 * @param {unknown} document
 * @param {{ name: string, at?: string }} where what messages call the document, and the path of this part of it
 * @throws {Error} with the field's path, what was found and what was expected
 */
export function checkBySchema(schema, document, { name, at = '' }) {
  const validate = ajv.compile(schema);
  if (validate(document)) return;
  // Where alternatives failed, the error that is deepest in the document is the most specific.
  const [error] = validate.errors.toSorted(
    (/** @type {any} */ one, /** @type {any} */ other) => other.instancePath.length - one.instancePath.length,
  );
  throw new Error(`${name}: ${messageOf(error, at)}`);
}

/** @param {'vpn' | 'byoip' | 'config' | 'private'} name @returns {any} */
export function readSchema(name) {
  return JSON.parse(readFileSync(new URL(`./schema/${name}.schema.json`, import.meta.url), 'utf8'));
}

/** @param {any} error of Ajv @param {string} at */
function messageOf({ instancePath, keyword, params, data, schema, message, parentSchema }, at) {
  const path = [at, ...instancePath.split('/').slice(1)]
    .filter(Boolean)
    .join('.')
    .replaceAll(/\.(\d+)/gu, '[$1]');
  const below = (/** @type {string} */ field) => (path === '' ? field : `${path}.${field}`);
  if (keyword === 'additionalProperties') {
    const known = Object.keys(parentSchema.properties).join(', ');
    return `${below(params.additionalProperty)}: unknown field, expected one of ${known}`;
  }
  if (keyword === 'required') return `${below(params.missingProperty)}: expected a value, found none`;
  const expected = expectationOf(keyword, schema) ?? message.replace(/^must (?:be|match) /u, '');
  return `${path === '' ? '' : `${path}: `}expected ${expected}, found ${JSON.stringify(data)}`;
}

/**
 * What a keyword expects, where Ajv's message doesn't say it ("must be equal to constant") or states the opposite
 * ("must NOT have fewer than 2 items").
 *
 * @param {string} keyword @param {any} schema the keyword's value
 * @returns {string | undefined}
 */
function expectationOf(keyword, schema) {
  switch (keyword) {
    case 'enum':
      return `one of ${schema.join(', ')}`;
    case 'const':
      return JSON.stringify(schema);
    case 'minItems':
      return `at least ${schema} items`;
    case 'maxItems':
      return `at most ${schema} items`;
    case 'uniqueItems':
      return 'each value once';
    case 'minLength':
      return `at least ${schema} characters`;
    case 'maxLength':
      return `at most ${schema} characters`;
    default:
      return undefined;
  }
}
