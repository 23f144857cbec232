// What the functions log in a run: each line follows cli/schema/log-line.schema.json, and none has a secret of the run,
// or a signature, token or hand-over of a request that some server of this process got.

import diagnostics from 'node:diagnostics_channel';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import Ajv from 'ajv';

const SCHEMA = new URL('../../cli/schema/log-line.schema.json', import.meta.url);
const isLine = new Ajv.default({ strictTypes: false }).compile(JSON.parse(readFileSync(SCHEMA, 'utf8')));

/** Fields of access key documents. */
const SECRET_FIELDS = ['accessKeySecret', 'secret', 'securityToken'];
/** What proves something to somebody: of OSS, of AWS, and between the functions. */
const HEADERS = [
  'x-oss-security-token',
  'security-token',
  'x-amz-security-token',
  'x-ossedge-request',
  'x-ossedge-origin-secret',
  'x-ossedge-seal',
];
const PARAMETERS = ['Signature', 'x-oss-signature', 'security-token', 'x-oss-security-token'];
/** Characters. What is shorter is part of other words. */
const MIN_LENGTH = 12;

export class LogCheck {
  #problems = [];
  #texts = [];
  #functions = new Set();
  #hidden = new Set();
  #watch = ({ request }) => this.#hide(proofsOf(request));

  /** @param {unknown} documents with the secrets of the run */
  constructor(documents) {
    this.#hide(secretsIn(documents));
    diagnostics.subscribe('http.server.request.start', this.#watch);
  }

  /** @param {string} text of a line */
  add(text) {
    this.#texts.push(text);
    const line = parsed(text);
    this.#functions.add(line?.function);
    if (!isLine(line)) this.#problems.push(`${text}: ${JSON.stringify(isLine.errors)}`);
  }

  /** The names of the functions that logged. */
  get functions() {
    return [...this.#functions].sort();
  }

  /** Ends it. @returns {string[]} what is wrong with which line */
  end() {
    diagnostics.unsubscribe('http.server.request.start', this.#watch);
    this.#keep();
    const leaks = this.#texts.filter((text) => [...this.#hidden].some((hidden) => text.includes(hidden)));
    return [...this.#problems, ...leaks.map((text) => `a secret, signature or token is in ${text}`)];
  }

  /** For tests/secret-scan.mjs, which searches the output of every test for the secrets of all. */
  #keep() {
    const folder = process.env.SECRET_SCAN;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    appendFileSync(join(folder, `${process.pid}.jsonl`), this.#texts.map((text) => `${text}\n`).join(''));
    appendFileSync(join(folder, `${process.pid}.secrets`), [...this.#hidden].map((text) => `${text}\n`).join(''));
  }

  #hide(values) {
    for (const value of values) {
      if (value.length < MIN_LENGTH) continue;
      // As it is, as a JSON text has it, and as a URL does.
      for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) this.#hidden.add(form);
    }
  }
}

/** @returns {string[]} */
function secretsIn(value) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? (SECRET_FIELDS.includes(name) ? [inner] : []) : secretsIn(inner),
  );
}

/** @param {import('node:http').IncomingMessage} request @returns {string[]} */
function proofsOf({ headersDistinct, url = '' }) {
  const signatures = (headersDistinct.authorization ?? []).map((text) => /(?:Signature=|:)([^:,=]+=*)$/u.exec(text.trim())?.[1]);
  const query = new URLSearchParams(url.slice(url.indexOf('?') + 1));
  const values = [
    ...signatures,
    ...HEADERS.flatMap((name) => headersDistinct[name] ?? []),
    // `+` is itself in a signature that a client left as it is.
    ...PARAMETERS.flatMap((name) => query.getAll(name)).flatMap((value) => [value, value.replaceAll(' ', '+')]),
  ];
  return values.filter((value) => value !== undefined);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
