//! The image of a gate, across the boundary: its bytes are in memory of their own, and only while they are needed.

use std::cell::RefCell;

use wasm_bindgen::prelude::wasm_bindgen;

#[cfg(feature = "documents")]
use super::GATE;
use super::decide_by;
use crate::decision::Gate;

thread_local! {
    static IMAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Where the image that [`read_image`] reads may be written, of as many bytes.
#[wasm_bindgen(js_name = imageRoom)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn image_room(bytes: usize) -> *mut u8 {
    IMAGE.with_borrow_mut(|image| {
        *image = vec![0; bytes];
        image.as_mut_ptr()
    })
}

/// Decides by the gate of the image that was written from now on. It gives `false`, and the present gate stays, where
/// the image is damaged or of another build. The image's memory is given back.
#[wasm_bindgen(js_name = readImage)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn read_image() -> bool {
    Gate::from_image(&IMAGE.take()).map(decide_by).is_some()
}

/// Makes the image of the present gate, and gives its number of bytes; none where there is no gate.
#[cfg(feature = "documents")]
#[wasm_bindgen(js_name = makeImage)]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn make_image() -> usize {
    let image = GATE.with_borrow(|gate| gate.as_ref().map(Gate::image)).unwrap_or_default();
    let length = image.len();
    IMAGE.set(image);
    length
}

/// Where the image begins that was made.
#[cfg(feature = "documents")]
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "wasm-bindgen exports public functions only")]
pub fn image() -> *const u8 {
    IMAGE.with_borrow(|image| image.as_ptr())
}
