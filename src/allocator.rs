//! The module's memory. talc takes the first place that is large enough from lists by size, and asks for pages when
//! there is none; the standard library's allocator for WebAssembly does as well and has three times the code.

use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

#[global_allocator]
static ALLOCATOR: WasmDynamicTalc = new_wasm_dynamic_allocator();
