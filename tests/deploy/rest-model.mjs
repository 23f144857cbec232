// Requests of REST services (S3, Lambda, CloudFront), judged by AWS's service models: which operation a method, a path and
// a query are, and whether path, query, headers and body have what it takes and nothing else.

import { SaxesParser } from 'saxes';

import { checkInput, modelOf } from './service-model.mjs';

/** Of signatures, of the SDK itself, and of integrity: no members of any operation. */
const OTHER_HEADERS = /^(x-amz-(date|content-sha256|user-agent|security-token|checksum-crc32|sdk-checksum-algorithm)|amz-sdk-.*)$/u;

/**
 * @param {string} service as botocore calls it
 * @param {import('node:http').IncomingMessage} request
 * @param {Buffer} body
 * @returns {{ operation: string, input: any }}
 * @throws {Error} for what no operation takes
 */
export function inputOfRest(service, { method = '', url = '', headers }, body) {
  const model = modelOf(service);
  const { pathname, searchParams } = new URL(url, 'http://aws');
  const found = operationOf(model, { method, pathname, query: searchParams, headers });
  if (found === undefined) throw new Error(`${service}: no operation is ${method} ${url}`);
  const { operation, path, literals } = found;
  const shape = model.shapes[model.operations[operation].input?.shape] ?? { members: {} };
  const members = Object.entries(/** @type {Record<string, any>} */ (shape.members));
  const at = (/** @type {string} */ location, /** @type {string} */ name) =>
    members.find(([member, one]) => one.location === location && (one.locationName ?? member).toLowerCase() === name.toLowerCase())?.[0];
  const input = /** @type {any} */ ({});
  for (const [name, value] of Object.entries(path)) input[at('uri', name) ?? name] = value;
  for (const [name, value] of searchParams) {
    if (literals.has(name)) continue;
    if (name === 'x-id') {
      if (value !== operation) throw new Error(`${operation}: found x-id ${value}`);
      continue;
    }
    input[at('querystring', name) ?? `query ${name}`] = value;
  }
  for (const [name, value] of Object.entries(headers)) {
    const member = at('header', name);
    if (member) input[member] = value;
    else if (name.startsWith('x-amz-') && !OTHER_HEADERS.test(name)) throw new Error(`${operation}: unknown header ${name}`);
  }
  const { payload } = shape;
  const type = payload && model.shapes[shape.members[payload].shape];
  if (type?.type === 'structure') input[payload] = valueOfXml(model, type, xmlOf(body.toString()).children[0]);
  else if (payload && body.length > 0) input[payload] = body.toString('latin1');
  else if (body.length > 0) throw new Error(`${operation}: expected no body, found ${body.length} bytes`);
  checkInput(service, operation, input);
  return { operation, input };
}

/**
 * @param {any} model
 * @param {{ method: string, pathname: string, query: URLSearchParams, headers: import('node:http').IncomingHttpHeaders }} request
 */
function operationOf(model, { method, pathname, query, headers }) {
  const fitting = Object.entries(/** @type {Record<string, any>} */ (model.operations)).flatMap(([operation, { http, input, deprecated }]) => {
    if (http.method !== method || deprecated) return [];
    const [template, literal = ''] = http.requestUri.split('?');
    const literals = new URLSearchParams(literal);
    if ([...literals].some(([name, value]) => !query.has(name) || (value !== '' && query.get(name) !== value))) return [];
    const { required = [], members = {} } = model.shapes[input?.shape] ?? {};
    const lacks = required.some((/** @type {string} */ member) => {
      const { location, locationName = member } = members[member];
      return (location === 'querystring' && !query.has(locationName)) || (location === 'header' && headers[locationName] === undefined);
    });
    const path = lacks ? undefined : pathOf(template, pathname);
    return path === undefined ? [] : [{ operation, path, literals, required }];
  });
  // The one that names most of the query and of the headers; and a path of words before one of variables.
  const rank = (/** @type {typeof fitting[number]} */ { literals, required, path }) => literals.size * 100 + required.length * 10 - Object.keys(path).length;
  return fitting.sort((one, other) => rank(other) - rank(one))[0];
}

/** @param {string} template as in `/{Bucket}/{Key+}` @param {string} pathname @returns {Record<string, string> | undefined} */
function pathOf(template, pathname) {
  const names = [...template.matchAll(/\{(\w+)\+?\}/gu)].map(([, name]) => name);
  const pattern = template.replaceAll(/\{\w+\+\}/gu, '(.+)').replaceAll(/\{\w+\}/gu, '([^/]+)');
  const values = new RegExp(`^${pattern}/?$`, 'u').exec(pathname)?.slice(1);
  return values && Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index])]));
}

/** @typedef {{ name: string, text: string, children: Element[] }} Element */

/** @param {string} text @returns {Element} whose child is the document's element */
function xmlOf(text) {
  const root = /** @type {Element} */ ({ name: '', text: '', children: [] });
  const open = [root];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name }) => {
    const element = { name, text: '', children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (more) => void (/** @type {Element} */ (open.at(-1)).text += more));
  parser.on('closetag', () => void open.pop());
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(text).close();
  return root;
}

/** @param {any} model @param {any} shape @param {Element} element @returns {any} */
function valueOfXml(model, shape, element) {
  if (shape.type !== 'structure') return element.text;
  const value = /** @type {any} */ ({});
  for (const child of element.children) {
    const [member, { shape: name }] = Object.entries(/** @type {Record<string, any>} */ (shape.members)).find(([one, { locationName }]) => (locationName ?? one) === child.name) ?? [child.name, {}];
    const of = model.shapes[name];
    if (of === undefined) throw new Error(`unknown element ${child.name} in ${element.name}`);
    if (of.type !== 'list') value[member] = valueOfXml(model, of, child);
    else (value[member] ??= []).push(...(of.flattened ? [child] : child.children).map((one) => valueOfXml(model, model.shapes[of.member.shape], one)));
  }
  return value;
}
