//! What the edge hands over to the API.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// The value of the header `x-ossedge-request` for the text of a request.
pub(crate) fn hand_over(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}
