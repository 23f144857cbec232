// Finds out from the edge's log which secrets were used.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * @typedef {{ requests: number, last: string }} Use of one generation
 *
 * @typedef {object} UsageLog
 * @property {number} requests that were verified
 * @property {(accessKeyId: string) => Map<string, Use>} usesOf by generation
 * @property {(id: string) => Use | undefined} useOfMasterKey by all its devices
 */

/**
 * Reads the log of viewer-request and authorizer, in any form in which it is exported: JSON lines, with or without text
 * before the object; the output of CloudWatch's `filter-log-events`; the results of Logs Insights.
 *
 * @param {string[]} files `-` for standard input
 * @param {number} since milliseconds since the epoch
 * @returns {Promise<UsageLog>}
 * @throws {Error} that names a file that can't be read, or isn't the whole output
 */
export async function readUse(files, since) {
  const uses = new Uses(since);
  for (const file of files) {
    const input = file === '-' ? process.stdin : createReadStream(file);
    // readline ends without an error if its stream fails.
    const failure = new Promise((_, reject) => {
      input.once('error', (/** @type {NodeJS.ErrnoException} */ { code }) =>
        reject(new Error(`${file}: ${code === 'ENOENT' ? 'no such file' : code}`)),
      );
    });
    await Promise.race([readLines(createInterface({ input, crlfDelay: Infinity }), uses, file), failure]);
  }
  return uses;
}

/** @implements {UsageLog} */
class Uses {
  requests = 0;
  /** @type {Map<string, Map<string, Use>>} by access key id and generation */
  #uses = new Map();
  #since;

  /** @param {number} since */
  constructor(since) {
    this.#since = since;
  }

  /** @param {any} line of the log */
  count({ accessKeyId, generation, time }) {
    if (typeof accessKeyId !== 'string' || typeof generation !== 'string' || !(Date.parse(time) >= this.#since)) return;
    this.requests += 1;
    const generations = this.#uses.get(accessKeyId) ?? new Map();
    this.#uses.set(accessKeyId, generations);
    generations.set(generation, joined(generations.get(generation), { requests: 1, last: time }));
  }

  /** @param {string} accessKeyId */
  usesOf(accessKeyId) {
    return this.#uses.get(accessKeyId) ?? new Map();
  }

  /** @param {string} id */
  useOfMasterKey(id) {
    /** @type {Use | undefined} */
    let use;
    for (const [accessKeyId, generations] of this.#uses) {
      if (!accessKeyId.startsWith(`OE1.${id}.`)) continue;
      for (const one of generations.values()) use = joined(use, one);
    }
    return use;
  }
}

/** @param {Use | undefined} before @param {Use} use @returns {Use} */
function joined(before, use) {
  if (before === undefined) return use;
  return { requests: before.requests + use.requests, last: use.last > before.last ? use.last : before.last };
}

/** @param {AsyncIterable<string>} lines @param {Uses} uses @param {string} file */
async function readLines(lines, uses, file) {
  /** A document that begins with a bracket alone on its line, as the AWS CLI prints it. @type {string[] | undefined} */
  let document;
  for await (const line of lines) {
    if (document === undefined && /^[[{]\s*$/u.test(line)) document = [];
    if (document !== undefined) {
      document.push(line);
      if (/^[\]}]\s*$/u.test(line)) {
        readExport(parsed(document.join('\n')), uses, file);
        document = undefined;
      }
    } else {
      const start = line.search(/[[{]/u);
      // Text before the object may have a bracket, as in `[INFO] {…}`.
      if (start >= 0) readExport(parsed(line.slice(start)) ?? parsed(line.slice(line.indexOf('{'))), uses, file);
    }
  }
  if (document !== undefined) throw new Error(`${file}: expected the whole output: its last bracket is missing`);
}

/**
 * Reads a line of the log, or the output of an AWS tool that contains lines.
 *
 * @param {any} value @param {Uses} uses @param {string} file
 */
function readExport(value, uses, file) {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    value.forEach((one) => readExport(Array.isArray(one) ? fieldsOf(one) : one, uses, file));
  } else if (Array.isArray(value.events)) {
    refuseIncomplete(value.nextToken !== undefined && value.nextToken !== null, file);
    value.events.forEach((/** @type {any} */ { message }) => readMessage(message, uses, file));
  } else if (Array.isArray(value.results)) {
    const { status = 'Complete', statistics, results } = value;
    refuseIncomplete(status !== 'Complete' || statistics?.recordsMatched > results.length, file);
    readExport(results, uses, file);
  } else if (value['@message'] !== undefined) {
    readMessage(value['@message'], uses, file);
  } else {
    uses.count({ ...value, time: value.time ?? isoTime(value['@timestamp']) });
  }
}

/** @param {unknown} message a line of the log, in Logs Insights' export also parsed @param {Uses} uses @param {string} file */
function readMessage(message, uses, file) {
  const line = typeof message === 'string' ? parsed(message.slice(message.indexOf('{'))) : message;
  if (typeof line === 'object' && line !== null && !Array.isArray(line)) readExport(line, uses, file);
}

/** A row of Logs Insights as an object. @param {any[]} row */
function fieldsOf(row) {
  return Object.fromEntries(row.map(({ field, value }) => [field, value]));
}

/** @param {unknown} timestamp as Logs Insights writes it: `2026-11-25 12:30:00.000`, in UTC */
function isoTime(timestamp) {
  return typeof timestamp === 'string' ? `${timestamp.replace(' ', 'T').replace(/Z$/u, '')}Z` : undefined;
}

/** @param {boolean} isIncomplete @param {string} file @throws {Error} */
function refuseIncomplete(isIncomplete, file) {
  if (isIncomplete) {
    throw new Error(`${file}: expected the whole output: this is a part of it, which proves nothing; raise its limit`);
  }
}

/** @param {string} json @returns {any} */
function parsed(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
