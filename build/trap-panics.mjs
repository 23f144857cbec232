// Lets a module trap where it would first make the text of a panic, which nothing shows: the module has no output, and
// a panic ends in a trap either way. With the text goes all of the standard library's formatting.
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

/** All others come to this one. */
const LAST = 'core::panicking::panic_fmt';

const { BulkMemory, NontrappingFPToInt, SignExt, MutableGlobals, ReferenceTypes, Multivalue, SIMD128 } =
  binaryen.Features;

const [from, to] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(from));
module.setFeatures(BulkMemory | NontrappingFPToInt | SignExt | MutableGlobals | ReferenceTypes | Multivalue | SIMD128);

const functions = Array.from({ length: module.getNumFunctions() }, (_, index) =>
  binaryen.getFunctionInfo(module.getFunctionByIndex(index)),
);
const panics = functions.filter(({ name }) => PANICS.includes(plain(name)));
if (!panics.some(({ name }) => plain(name) === LAST))
  throw new Error(`${from} has no function ${LAST}: does this version of Rust call it otherwise?`);
for (const { name, params, results } of panics) {
  module.removeFunction(name);
  module.addFunction(name, params, results, [], module.unreachable());
}
binaryen.setDebugInfo(true);
writeFileSync(to, module.emitBinary());

/**
 * A function's path, without the hash of its crate or its own.
 *
 * @param {string} name
 */
function plain(name) {
  return name.replace(/\[[0-9a-f]+\]/gu, '').replace(/::h[0-9a-f]{16}$/u, '');
}
