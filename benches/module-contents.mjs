// What a WebAssembly module with a name section holds: bytes of code by crate and module, and of data.
// Arguments: the module, and how many path segments a group has (2).

import { readFileSync } from 'node:fs';

import { table } from '../cli/table.mjs';

const SECTIONS = /** @type {Record<number, string>} */ ({ 1: 'types', 2: 'imports', 3: 'functions', 4: 'tables', 5: 'memory', 6: 'globals', 7: 'exports', 9: 'elements', 10: 'code', 11: 'data', 12: 'data count' });

const [file, depth = '2'] = process.argv.slice(2);
const bytes = readFileSync(file);
let at = 8;
let imported = 0;
/** @type {Map<number, string>} */
const names = new Map();
/** @type {number[]} */
const bodies = [];
/** @type {string[][]} */
const sections = [];

while (at < bytes.length) {
  const id = bytes[at];
  at += 1;
  const size = unsigned();
  const end = at + size;
  if (id === 2) readImports();
  if (id === 10) readBodies();
  const custom = id === 0 ? text() : undefined;
  if (custom === 'name') readNames(end);
  sections.push([custom === undefined ? SECTIONS[id] : `custom: ${custom}`, String(size)]);
  at = end;
}

const groups = new Map();
bodies.forEach((size, index) => {
  const group = groupOf(names.get(index + imported) ?? '(no name)');
  groups.set(group, (groups.get(group) ?? 0) + size);
});
const rows = [...groups].sort(([, one], [, other]) => other - one).map(([name, size]) => [name, String(size)]);
process.stdout.write(`${table(['section', 'bytes'], sections)}\n\n${table(['code of', 'bytes'], rows)}\n`);

/** @param {string} name */
function groupOf(name) {
  const plain = name.replace(/::h[0-9a-f]{16}$/u, '').replace(/^<+(?:dyn |&|\*const |\*mut )*/u, '');
  return plain.split(/ as |>|<|\{/u)[0].split('::').slice(0, Number(depth)).join('::');
}

function readImports() {
  const count = unsigned();
  for (let i = 0; i < count; i += 1) {
    text();
    text();
    const kind = bytes[at];
    at += 1;
    if (kind === 0) imported += 1;
    if (kind === 0) unsigned();
    else if (kind === 1) limits((at += 1));
    else if (kind === 2) limits(at);
    else at += 2;
  }
}

/** @param {number} _ */
function limits(_) {
  const bounded = bytes[at] & 1;
  at += 1;
  unsigned();
  if (bounded) unsigned();
}

function readBodies() {
  const count = unsigned();
  for (let i = 0; i < count; i += 1) {
    const size = unsigned();
    bodies.push(size);
    at += size;
  }
}

/** @param {number} end */
function readNames(end) {
  while (at < end) {
    const kind = bytes[at];
    at += 1;
    const size = unsigned();
    const next = at + size;
    if (kind === 1) {
      for (let left = unsigned(); left > 0; left -= 1) {
        const index = unsigned();
        names.set(index, text());
      }
    }
    at = next;
  }
}

function text() {
  const length = unsigned();
  at += length;
  return bytes.toString('utf8', at - length, at);
}

function unsigned() {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at];
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}
