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
    const at = /at position (\d+)/u.exec(String(error))?.[1];
    throw new Error(`${name}: expected JSON${at ? `, stopped at line ${lineOf(text, Number(at))}` : ''}`);
  }
}

/**
 * @param {string} file
 * @returns {Promise<string>}
 * @throws {Error} that names the file
 */
export async function readText(file) {
  return readFile(file, 'utf8').catch((error) => {
    throw new Error(`${file}: ${error.code === 'ENOENT' ? 'no such file' : error.code}`);
  });
}

/** @param {string} text @param {number} position */
function lineOf(text, position) {
  return text.slice(0, position).split('\n').length;
}
