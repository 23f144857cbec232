//! The preflight of a page of another origin: its browser asks with OPTIONS, unsigned, before it sends the request
//! (Fetch standard, "CORS-preflight request"; OSS API reference, "Options").

use crate::config::Config;
use crate::config::cors::Cors;
use crate::refusal::{PreflightFault, Refusal};
use crate::request::Request;
use crate::request::header::is_token;

/// The longest list of header names in a preflight, in bytes.
const MAX_ASKED_HEADERS: usize = 4096;

/// The headers that grant a preflight.
///
/// # Errors
/// [`Refusal::AccessForbidden`] for the first of origin, method and headers that isn't allowed.
pub(crate) fn preflight_headers(
    request: &Request<'_>,
    cors: &Cors,
    config: &Config,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let asked = |name| request.headers.get_unique(name).ok().flatten().unwrap_or_default();
    let (origin, method) = (asked("origin"), asked("access-control-request-method"));
    let methods = config.served_operations().methods();
    let headers = if origin.is_empty() { None } else { cors.headers_for(origin) };
    let Some(mut headers) = headers else {
        return Err(Refusal::AccessForbidden(PreflightFault::Origin(origin.to_owned())));
    };
    if !methods.contains(&method) {
        return Err(Refusal::AccessForbidden(PreflightFault::Method(method.to_owned())));
    }
    let names = asked_headers(request).ok_or(Refusal::AccessForbidden(PreflightFault::Headers))?;
    headers.push(("Access-Control-Allow-Methods", methods.join(", ")));
    if !names.is_empty() {
        headers.push(("Access-Control-Allow-Headers", names));
    }
    headers.push(("Access-Control-Max-Age", cors.max_age_seconds.to_string()));
    Ok(headers)
}

/// The names of the headers that the page wants to send, in lower case; `None` if one of them isn't a token, or the
/// list is repeated or too long. Every header is allowed, because unknown ones are ignored.
fn asked_headers(request: &Request<'_>) -> Option<String> {
    let names = request.headers.get_unique("access-control-request-headers").ok()?.unwrap_or_default();
    if names.len() > MAX_ASKED_HEADERS {
        return None;
    }
    let names: Vec<_> = names.split(',').map(str::trim_ascii).filter(|name| !name.is_empty()).collect();
    names.iter().all(|name| is_token(name)).then(|| names.join(", ").to_ascii_lowercase())
}
