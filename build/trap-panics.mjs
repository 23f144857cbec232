// Lets a module trap where it would first make the text of a panic, which nothing shows: the module has no output, and
// a panic ends in a trap either way. With the text goes all of the standard library's formatting. What the texts were
// made of stays in the data, and is blanked, so that wasm-opt leaves it out.
// Arguments: the module, with names, and where to write it.

import { readFileSync, writeFileSync } from 'node:fs';

import binaryen from 'binaryen';

/** What the standard library calls to panic, and doesn't return from. */
const PANICS = [
  'core::panicking::panic',
  'core::panicking::panic_fmt',
  'core::panicking::panic_bounds_check',
  'core::cell::panic_already_borrowed',
  'core::cell::panic_already_mutably_borrowed',
  'core::option::expect_failed',
  'core::option::unwrap_failed',
  'core::result::unwrap_failed',
  'core::slice::index::slice_index_fail',
  'core::str::slice_error_fail',
  'alloc::alloc::handle_alloc_error',
  'alloc::raw_vec::handle_error',
];

/** What nothing but the texts of panics has: where they began, and what the standard library says of them. */
const TEXTS = [
  /(?:\/rustc\/[0-9a-f]{40}\/library|crates|src)\/[\w./-]+\.rs/gu,
  /Attempted to initialize thread-local while it is being dropped/gu,
  /cannot access a Thread Local Storage value during or after destruction: /gu,
  /slice index starts at | but ends at |range (?:start|end) index | out of range for slice of length /gu,
  /RefCell already (?:mutably )?borrowed/gu,
];

/** All others come to this one. */
const LAST = 'core::panicking::panic_fmt';

const { BulkMemory, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue, SIMD128 } = binaryen.Features;

const [from, to] = process.argv.slice(2);
const module = binaryen.readBinary(blanked(readFileSync(from)));
module.setFeatures(BulkMemory | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue | SIMD128);

const functions = Array.from({ length: module.getNumFunctions() }, (_, index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)));
const panics = functions.filter(({ name }) => PANICS.includes(plain(name)));
if (!panics.some(({ name }) => plain(name) === LAST)) throw new Error(`${from} has no function ${LAST}: does this version of Rust call it otherwise?`);
for (const { name, params, results } of panics) {
  module.removeFunction(name);
  module.addFunction(name, params, results, [], module.unreachable());
}
binaryen.setDebugInfo(true);
writeFileSync(to, module.emitBinary());

/**
 * A module whose data has zeros in place of the texts.
 *
 * @param {Buffer} bytes
 */
function blanked(bytes) {
  const text = bytes.toString('latin1');
  for (const { 0: { length }, index } of TEXTS.flatMap((pattern) => [...text.matchAll(pattern)])) bytes.fill(0, index, index + length);
  return bytes;
}

/**
 * A function's path, without the hash of its crate or its own.
 *
 * @param {string} name
 */
function plain(name) {
  return name.replace(/\[[0-9a-f]+\]/gu, '').replace(/::h[0-9a-f]{16}$/u, '');
}
