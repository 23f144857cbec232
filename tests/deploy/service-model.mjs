// What AWS's own service models say of a request: the data of botocore, which AWS's command line and SDK for Python are
// made of. So a request is checked by another source than the SDK that made it.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const LIBRARY = fileURLToPath(new URL('../../.venv/lib', import.meta.url));

/** @type {Map<string, any>} */
const models = new Map();

/** The folder of an installed package. @param {string} name */
export function pythonPackage(name) {
  const [python] = readdirSync(LIBRARY).filter((folder) => folder.startsWith('python'));
  return `${LIBRARY}/${python}/site-packages/${name}`;
}

/** @param {string} service as botocore calls it */
export function modelOf(service) {
  const known = models.get(service);
  if (known) return known;
  const folder = `${pythonPackage('botocore')}/data/${service}`;
  const version = readdirSync(folder).sort().at(-1);
  const model = JSON.parse(gunzipSync(readFileSync(`${folder}/${version}/service-2.json.gz`)).toString());
  models.set(service, model);
  return model;
}

/**
 * The input of an operation of a query protocol, from its form; checked as below.
 *
 * @param {string} service @param {URLSearchParams} form
 */
export function inputOfForm(service, form) {
  const operation = String(form.get('Action'));
  const model = modelOf(service);
  const shape = shapeOf(model, operation);
  const tree = {};
  for (const [name, value] of form) {
    if (name === 'Action' || name === 'Version') continue;
    let node = /** @type {any} */ (tree);
    const path = name.split('.').filter((part) => part !== 'member');
    for (const part of path.slice(0, -1)) node = node[part] ??= {};
    node[path.at(-1) ?? ''] = value;
  }
  const input = typed(model, shape, tree, operation);
  return { operation, input };
}

/**
 * Throws for what the model doesn't allow: unknown or missing members, wrong types, values out of their bounds.
 *
 * @param {string} service @param {string} operation @param {any} input
 * @returns {any} the input
 */
export function checkInput(service, operation, input) {
  const model = modelOf(service);
  return typed(model, shapeOf(model, operation), input, operation);
}

/** @param {any} model @param {string} operation @returns {string} */
function shapeOf(model, operation) {
  const found = model.operations[operation];
  if (!found) throw new Error(`no operation ${operation}`);
  return found.input?.shape ?? EMPTY;
}

/** Of operations without an input. */
const EMPTY = '';

/** @param {any} model @param {string} name of a shape @param {any} value @param {string} path @returns {any} */
function typed(model, name, value, path) {
  const shape = name === EMPTY ? { type: 'structure', members: {} } : model.shapes[name];
  if (shape.type === 'structure') {
    for (const member of Object.keys(value)) if (!(member in shape.members)) throw new Error(`${path}: unknown member ${member}`);
    for (const member of shape.required ?? []) if (value[member] === undefined) throw new Error(`${path}: missing ${member}`);
    return Object.fromEntries(Object.entries(value).map(([member, one]) => [member, typed(model, shape.members[member].shape, one, `${path}.${member}`)]));
  }
  if (shape.type === 'list') return Object.values(value).map((one, at) => typed(model, shape.member.shape, one, `${path}[${at}]`));
  if (shape.type === 'map') return value;
  const text = String(value);
  if (shape.enum && !shape.enum.includes(text)) throw new Error(`${path}: ${text} is none of ${shape.enum}`);
  if (shape.type === 'string') {
    if (shape.min !== undefined && text.length < shape.min) throw new Error(`${path}: shorter than ${shape.min}`);
    if (shape.max !== undefined && text.length > shape.max) throw new Error(`${path}: longer than ${shape.max}`);
    if (shape.pattern && !new RegExp(`^(?:${shape.pattern})$`, 'su').test(text)) throw new Error(`${path}: ${text} does not match ${shape.pattern}`);
  }
  if ((shape.type === 'integer' || shape.type === 'long') && !/^-?\d+$/u.test(text)) throw new Error(`${path}: ${text} is no integer`);
  return value;
}
