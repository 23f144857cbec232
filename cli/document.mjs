// Reads JSON documents. Errors name the document, but never quote it, because it may contain secrets.

import { readFile } from 'node:fs/promises';

import { repeatedName } from './repeated-name.mjs';

/**
 * @param {string} file
 * @returns {Promise<unknown>}
 * @throws {Error} that names the file
 */
export async function readDocument(file) {
  return parseDocument(await readText(file), file);
}

/**
 * @param {string} text
 * @param {string} name of the document
 * @returns {unknown}
 * @throws {Error} that names the document, and the path of a name that is repeated in an object
 */
export function parseDocument(text, name) {
  const document = parsed(text, name);
  const repeated = repeatedName(text);
  if (repeated !== undefined) throw new Error(`${name}: ${repeated}: expected a name that appears once`);
  return document;
}

/** @param {string} text @returns {any} the parsed text, if it is a JSON object or array; undefined otherwise */
export function jsonIn(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} text @param {string} name @returns {unknown} */
function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name}: ${faultOf(text, String(error))}`);
  }
}

/** @param {string} text that is no JSON @param {string} error of JSON.parse */
function faultOf(text, error) {
  if (text.startsWith('\uFEFF')) return 'expected UTF-8 without a byte order mark';
  if (/^\uFFFD|\0/u.test(text)) return 'expected UTF-8, found another encoding, as UTF-16';
  if (text.trim() === '') return 'expected JSON, found nothing';
  return `expected JSON, stopped at line ${lineOf(text, positionOf(text, error))}`;
}

/** @param {string} text @param {string} error of JSON.parse */
function positionOf(text, error) {
  const position = /at position (\d+)/u.exec(error)?.[1];
  if (position !== undefined) return Number(position);
  if (!hasUnexpectedToken(text)) return text.length;
  // V8 says which token it didn't expect, and not where: it ends the shortest beginning that has it.
  let [without, having] = [0, text.length];
  while (having - without > 1) {
    const middle = Math.floor((without + having) / 2);
    if (hasUnexpectedToken(text.slice(0, middle))) having = middle;
    else without = middle;
  }
  return without;
}

/** @param {string} text */
function hasUnexpectedToken(text) {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return /Unexpected token/u.test(String(error));
  }
}

/** By the code of Node's error. @type {Record<string, string>} */
const REASONS = {
  ENOENT: 'no such file',
  EISDIR: 'expected a file, found a directory',
  EACCES: 'no permission to read it',
};

/** Why a file can't be read. @param {NodeJS.ErrnoException} error */
export function unreadable({ code = 'unknown error' }) {
  return REASONS[code] ?? code;
}

/**
 * @param {string} file
 * @returns {Promise<string>}
 * @throws {Error} that names the file
 */
export async function readText(file) {
  return readFile(file, 'utf8').catch((error) => {
    throw new Error(`${file}: ${unreadable(error)}`);
  });
}

/** @param {string} text @param {number} position */
function lineOf(text, position) {
  return text.slice(0, position).split('\n').length;
}
