//! The body of a request: its length and framing, and whether S3 takes it.

use super::condition::Condition;
use crate::authenticate::Authenticated;
use crate::config::{BodiesWithoutLength, Config, Service, Through, Triggers};
use crate::limits::MAX_OBJECT_BYTES;
use crate::operation::Operation;
use crate::refusal::{LengthFault, Refusal};
use crate::request::header::HeaderMap;

/// A body that the relay stores as an object or a part. A relay that is the entrance stores every body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayedBody {
    /// The declared length in bytes; `None` if only the end of the body tells it.
    pub length: Option<u64>,
    /// Whether the client sent chunks: a hop may have left their framing in the body.
    pub is_chunked: bool,
    /// The most that may be stored, in bytes.
    pub max_bytes: u64,
}

/// Whether a request goes to the relay because of its body.
pub(super) enum Body {
    /// No: the body goes where the operation goes. With its length in bytes, if it is an object or a part that has one.
    Plain(Option<u64>),
    /// Yes: S3 refuses the object or part as it is framed, or the edge can't set its condition, or the relay is the
    /// entrance.
    Relayed(RelayedBody),
}

/// How a request says where its body ends.
enum Framing {
    /// By a length in bytes alone.
    Length(u64),
    /// By a length in bytes and by chunks, as the SDK for C does. Hops may disagree about which of them counts.
    LengthAndChunks(u64),
    /// By chunks.
    Chunks,
    /// By neither: over HTTP/2 the end of the stream ends the body, over HTTP/1.1 there is none.
    Neither,
}

impl Body {
    /// Checks the body's length and framing. OSS takes a body without a length; S3 answers 501 to a chunked body, and
    /// 411 to one with neither header. Go v2 sends an empty chunked body with InitiateMultipartUpload, which never
    /// reaches S3.
    ///
    /// # Errors
    /// [`Refusal::InvalidContentLength`], [`Refusal::EntityTooLarge`], [`Refusal::MissingContentLength`]; for another
    /// coding than `chunked` that the relay would have to read, [`Refusal::NotImplemented`].
    pub(super) fn of_request(
        authenticated: &Authenticated<'_>,
        condition: Condition,
        config: &Config,
    ) -> Result<Self, Refusal> {
        let headers = &authenticated.request().headers;
        let declared = declared_length(headers)?;
        match authenticated.operation() {
            Operation::PutObject | Operation::UploadPart => {
                let key_limit = authenticated.key().max_object_bytes();
                let max_bytes = key_limit.unwrap_or(MAX_OBJECT_BYTES);
                let framing = Framing::of_headers(headers, declared, max_bytes)?;
                let needs_relay = condition == Condition::Service;
                let is_chunked = matches!(framing, Framing::LengthAndChunks(_) | Framing::Chunks);
                let relayed = |length| {
                    check_coding(headers).map(|()| Body::Relayed(RelayedBody { length, is_chunked, max_bytes }))
                };
                match (framing, config.service.as_ref()) {
                    (Framing::Length(bytes) | Framing::LengthAndChunks(bytes), Some(Service::Entrance(_)))
                    | (Framing::LengthAndChunks(bytes), Some(Service::Relay(..))) => relayed(Some(bytes)),
                    (Framing::Length(bytes), Some(Service::Relay(..))) if needs_relay => relayed(Some(bytes)),
                    // With `triggers` "viewer-request", the origin-request function refuses chunks: it sees what
                    // CloudFront sends.
                    (Framing::LengthAndChunks(_), _) if config.triggers == Triggers::OriginRequest => {
                        Err(Refusal::MissingContentLength(LengthFault::LengthAndChunks))
                    }
                    (Framing::Length(bytes) | Framing::LengthAndChunks(bytes), _) => Ok(Body::Plain(Some(bytes))),
                    // The relay speaks HTTP/1.1 only, so there is no body.
                    (Framing::Neither, Some(Service::Entrance(_))) => {
                        Err(Refusal::MissingContentLength(LengthFault::NoFraming))
                    }
                    (Framing::Chunks, Some(Service::Entrance(BodiesWithoutLength::Relayed)))
                    | (_, Some(Service::Relay(_, BodiesWithoutLength::Relayed))) => relayed(None),
                    (Framing::Chunks, service) => Err(missing_length(service)),
                    (Framing::Neither, service @ Some(Service::Relay(..))) if needs_relay => {
                        Err(missing_length(service))
                    }
                    // Without a length, the key's limit can't be checked.
                    (Framing::Neither, service) if key_limit.is_some() => Err(missing_length(service)),
                    (Framing::Neither, _) => Ok(Body::Plain(None)),
                }
            }
            Operation::CompleteMultipartUpload if declared.is_none() => check_document(headers, config),
            _ => Ok(Body::Plain(None)),
        }
    }

    /// The length of an object or a part that doesn't go to the relay, in bytes.
    pub(super) fn plain_length(&self) -> Option<u64> {
        match self {
            Body::Plain(length) => *length,
            Body::Relayed(_) => None,
        }
    }

    /// The body, where it goes to the relay.
    pub(super) fn relayed(&self) -> Option<RelayedBody> {
        match self {
            Body::Plain(_) => None,
            Body::Relayed(body) => Some(*body),
        }
    }
}

impl Framing {
    fn of_headers(headers: &HeaderMap<'_>, declared: Option<&str>, max_bytes: u64) -> Result<Self, Refusal> {
        let is_chunked = headers.iter().any(|(name, _)| name == TRANSFER_ENCODING);
        // Digits that don't fit a `u64` are too large as well.
        let within_limit = |digits: &str| digits.parse().ok().filter(|bytes| *bytes <= max_bytes);
        match declared {
            Some(digits) => {
                let bytes = within_limit(digits).ok_or(Refusal::EntityTooLarge)?;
                Ok(if is_chunked { Framing::LengthAndChunks(bytes) } else { Framing::Length(bytes) })
            }
            None if headers.get_single(TRANSFER_ENCODING)?.is_some() => Ok(Framing::Chunks),
            None => Ok(Framing::Neither),
        }
    }
}

const TRANSFER_ENCODING: &str = "transfer-encoding";

fn declared_length<'h>(headers: &'h HeaderMap<'_>) -> Result<Option<&'h str>, Refusal> {
    let length = headers.get_unique("content-length")?;
    let is_number = |length: &str| !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
    if length.is_none_or(is_number) { Ok(length) } else { Err(Refusal::InvalidContentLength) }
}

/// Checks the body of a CompleteMultipartUpload without a length. Only the relay reads one in chunks.
fn check_document(headers: &HeaderMap<'_>, config: &Config) -> Result<Body, Refusal> {
    match (headers.get_single(TRANSFER_ENCODING)?, config.service.as_ref()) {
        (None, _) => Ok(Body::Plain(None)),
        (Some(_), Some(Service::Relay(..) | Service::Entrance(_)))
            if config.complete_multipart_upload == Through::Service =>
        {
            check_coding(headers).map(|()| Body::Plain(None))
        }
        (Some(_), _) => Err(Refusal::MissingContentLength(LengthFault::DocumentElsewhere)),
    }
}

fn missing_length(service: Option<&Service>) -> Refusal {
    Refusal::MissingContentLength(match service {
        Some(Service::Relay(..) | Service::Entrance(_)) => LengthFault::TurnedOff,
        Some(Service::Api(_)) | None => LengthFault::NoRelay,
    })
}

/// Checks that a body has no other coding than `chunked`, the only one that the relay reads (RFC 9112 section 6.1).
fn check_coding(headers: &HeaderMap<'_>) -> Result<(), Refusal> {
    let coding = headers.get_unique(TRANSFER_ENCODING)?;
    let is_chunked = coding.is_none_or(|coding| coding.eq_ignore_ascii_case("chunked"));
    if is_chunked {
        Ok(())
    } else {
        Err(Refusal::NotImplemented(TRANSFER_ENCODING.to_owned(), coding.unwrap_or_default().to_owned()))
    }
}
