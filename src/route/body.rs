//! The body of a request: how long it may be, and whether S3 takes it as it is framed.

use super::condition::Condition;
use crate::authenticate::Authenticated;
use crate::config::{BodiesWithoutLength, Config, Service, Through, Triggers};
use crate::limits::MAX_OBJECT_BYTES;
use crate::operation::Operation;
use crate::refusal::{LengthFault, Refusal};
use crate::request::header::HeaderMap;

/// A body that the relay stores as an object or a part. Where the relay is the entrance, it stores every one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayedBody {
    /// The length that the client declared, in bytes; none where only the body's end tells it.
    pub length: Option<u64>,
    /// Whether it came in chunks, whose framing a hop may have left in it.
    pub is_chunked: bool,
    /// The most that may be stored, in bytes.
    pub max_bytes: u64,
}

/// What goes to the relay because of its body alone.
pub(super) enum Body {
    /// Nothing: the body goes where the operation goes. Of an object or a part, its length in bytes, if it has one.
    Plain(Option<u64>),
    /// An object or a part whose body S3 refuses as it is framed, or whose condition the edge can't give to S3; or any where
    /// the relay is the entrance.
    Relayed(RelayedBody),
}

/// How a request says where its body ends.
enum Framing {
    /// By a length in bytes, and by nothing else that a hop could follow instead.
    Length(u64),
    /// By a length in bytes and by chunks, as the SDK for C does. Hops may differ in which of them they follow.
    LengthAndChunks(u64),
    /// By chunks.
    Chunks,
    /// By neither: over HTTP/2 by the end of the stream; over HTTP/1.1 there is no body.
    Neither,
}

impl Body {
    /// Checks the body's length and framing. OSS takes a body without a length; S3 answers 501 to a chunked one, and 411
    /// to one that has neither header. The body that Go v2 sends with InitiateMultipartUpload, chunked and empty, doesn't
    /// reach S3.
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
                    // What CloudFront sends is seen at origin-request: where that doesn't decide, it refuses chunks itself.
                    (Framing::LengthAndChunks(_), _) if config.triggers == Triggers::OriginRequest => {
                        Err(Refusal::MissingContentLength(LengthFault::LengthAndChunks))
                    }
                    (Framing::Length(bytes) | Framing::LengthAndChunks(bytes), _) => Ok(Body::Plain(Some(bytes))),
                    // The relay speaks HTTP/1.1 only: there is no body, and S3 and OSS take none that says nothing.
                    (Framing::Neither, Some(Service::Entrance(_))) => {
                        Err(Refusal::MissingContentLength(LengthFault::NoFraming))
                    }
                    (Framing::Chunks, Some(Service::Entrance(BodiesWithoutLength::Relayed)))
                    | (_, Some(Service::Relay(_, BodiesWithoutLength::Relayed))) => relayed(None),
                    (Framing::Chunks, service) => Err(missing_length(service)),
                    (Framing::Neither, service @ Some(Service::Relay(..))) if needs_relay => {
                        Err(missing_length(service))
                    }
                    // The key's limit can't be checked.
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
        // A length of digits may be a number of any size.
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

/// Checks the document of CompleteMultipartUpload, which has no length. The relay reads it however it is framed.
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

/// The relay reads no other coding than `chunked` (RFC 9112 section 6.1: 501 for one that isn't understood).
fn check_coding(headers: &HeaderMap<'_>) -> Result<(), Refusal> {
    let coding = headers.get_unique(TRANSFER_ENCODING)?;
    let is_chunked = coding.is_none_or(|coding| coding.eq_ignore_ascii_case("chunked"));
    if is_chunked {
        Ok(())
    } else {
        Err(Refusal::NotImplemented(TRANSFER_ENCODING.to_owned(), coding.unwrap_or_default().to_owned()))
    }
}
