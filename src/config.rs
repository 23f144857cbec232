//! The configuration: which hosts and buckets there are, and where they lead.

use crate::baked::baked;
use crate::by_name::ByName;
use crate::characters::Characters;
use crate::credentials::Credentials;
use crate::document::{Document, DocumentError, Field};
use crate::header_rules::HeaderRules;
use crate::hosts::Hosts;
use crate::signature_scheme::Scheme;

/// Skew that is allowed when `maxClockSkewSeconds` is left out: five minutes.
const DEFAULT_MAX_CLOCK_SKEW_SECONDS: u32 = 300;

/// A day: more than any clock that should be trusted, and far below what would let a captured
/// request be replayed for ever.
const MAX_CLOCK_SKEW_SECONDS: u32 = 86_400;

/// Seven days, the longest that OSS allows a URL of signature version 4.
const DEFAULT_MAX_URL_EXPIRY_SECONDS: u32 = 604_800;

/// Ten years: version 1 has no bound of its own, and firmware may carry such URLs.
const MAX_URL_EXPIRY_SECONDS: u32 = 315_360_000;

/// A configuration whose every field was checked.
pub struct Config {
    pub(crate) max_clock_skew_seconds: u32,
    pub(crate) max_url_expiry_seconds: u32,
    pub(crate) signature_schemes: Vec<Scheme>,
    /// Regions that a version 4 credential may name; none means any.
    pub(crate) signature_regions: Vec<String>,
    pub(crate) hosts: Hosts,
    pub(crate) buckets: ByName<S3Bucket>,
    pub(crate) api: Option<Api>,
    pub(crate) complete_multipart_upload: Through,
    pub(crate) list_parts: Switch,
    pub(crate) headers: HeaderRules,
    pub(crate) credentials: Credentials,
}

/// Which way an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// API Gateway, whose function answers in OSS's XML.
    Api,
    /// Straight to S3, whose answer the client gets as it is.
    S3,
}

/// Whether an operation is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Switch {
    On,
    Off,
}

/// Where an OSS bucket's objects go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Bucket {
    /// The S3 bucket's name.
    pub name: String,
    /// Its AWS Region, as in `us-east-1`.
    pub region: String,
    /// Its regional domain name, the one an origin must have.
    pub domain: String,
}

baked!(struct Config {
    max_clock_skew_seconds,
    max_url_expiry_seconds,
    signature_schemes,
    signature_regions,
    hosts,
    buckets,
    api,
    complete_multipart_upload,
    list_parts,
    headers,
    credentials,
});
baked!(
    enum Through {
        Api,
        S3,
    }
);
baked!(
    enum Switch {
        On,
        Off,
    }
);
baked!(struct S3Bucket { name, region, domain });
baked!(struct Api { domain, path });

impl S3Bucket {
    fn new(name: &str, region: &str) -> Self {
        let domain = [name, ".s3.", region, ".amazonaws.com"].concat();
        S3Bucket { name: name.to_owned(), region: region.to_owned(), domain }
    }
}

/// The API Gateway stage behind which the operations are that must answer in OSS's XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// The API's domain name.
    pub domain: String,
    /// The stage's path, beginning with `/`; empty on a custom domain that maps the stage to its root.
    pub path: String,
}

impl Config {
    /// Where access keys come from.
    pub fn credentials(&self) -> Credentials {
        self.credentials
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected.
    pub fn from_document(document: &Document<'_>) -> Result<Self, DocumentError> {
        let root = Field::root(document);
        let [skew, expiry, schemes, regions, hosts, buckets, api, complete, list_parts, headers, credentials] = root
            .fields([
                "maxClockSkewSeconds",
                "maxUrlExpirySeconds",
                "signatureSchemes",
                "signatureRegions",
                "hosts",
                "buckets",
                "api",
                "completeMultipartUpload",
                "listParts",
                "headers",
                "credentials",
            ])?;
        let buckets = read_buckets(&root.required(buckets, "buckets")?)?;
        Ok(Config {
            max_clock_skew_seconds: match skew {
                Some(field) => field.integer(MAX_CLOCK_SKEW_SECONDS)?,
                None => DEFAULT_MAX_CLOCK_SKEW_SECONDS,
            },
            max_url_expiry_seconds: match expiry {
                Some(field) => field.integer(MAX_URL_EXPIRY_SECONDS)?,
                None => DEFAULT_MAX_URL_EXPIRY_SECONDS,
            },
            signature_schemes: match schemes {
                Some(field) => read_schemes(&field)?,
                None => Scheme::ALL.to_vec(),
            },
            signature_regions: regions.map(|field| read_regions(&field)).transpose()?.unwrap_or_default(),
            hosts: read_hosts(&root.required(hosts, "hosts")?, &buckets)?,
            api: api.map(|field| read_api(&field, &buckets)).transpose()?,
            complete_multipart_upload: complete.map(|field| read_through(&field)).transpose()?.unwrap_or(Through::Api),
            list_parts: match list_parts.map(|field| field.boolean()).transpose()? {
                Some(false) => Switch::Off,
                Some(true) | None => Switch::On,
            },
            headers: headers.map(|field| HeaderRules::read(&field)).transpose()?.unwrap_or_default(),
            credentials: credentials.map(|field| Credentials::read(&field)).transpose()?.unwrap_or_default(),
            buckets,
        })
    }
}

fn read_through(field: &Field<'_>) -> Result<Through, DocumentError> {
    match field.string()? {
        "api" => Ok(Through::Api),
        "s3" => Ok(Through::S3),
        _ => Err(field.error("one of \"api\", \"s3\"")),
    }
}

fn read_schemes(field: &Field<'_>) -> Result<Vec<Scheme>, DocumentError> {
    let mut schemes = Vec::new();
    for element in field.elements()? {
        let name = element.string()?;
        let scheme = Scheme::ALL.into_iter().find(|scheme| scheme.name() == name && !schemes.contains(scheme));
        let expected = "one of \"v1-header\", \"v1-url\", \"v4-header\", \"v4-url\", each once";
        schemes.push(scheme.ok_or_else(|| element.error(expected))?);
    }
    if schemes.is_empty() { Err(field.error("at least one scheme")) } else { Ok(schemes) }
}

fn read_regions(field: &Field<'_>) -> Result<Vec<String>, DocumentError> {
    let expected = "a region as OSS's credentials name it, as in `cn-hangzhou`";
    let regions: Vec<String> =
        field.elements()?.map(|element| matching(&element, is_region, expected)).collect::<Result<_, _>>()?;
    if regions.is_empty() { Err(field.error("at least one region")) } else { Ok(regions) }
}

fn read_buckets(field: &Field<'_>) -> Result<ByName<S3Bucket>, DocumentError> {
    let mut buckets = ByName::default();
    for (name, bucket) in field.entries()? {
        if !is_oss_bucket_name(name) {
            return Err(bucket.error("a bucket name of 3 to 63 lower-case letters, digits and hyphens"));
        }
        let [s3_bucket, region] = bucket.fields(["s3Bucket", "region"])?;
        let s3_bucket = bucket.required(s3_bucket, "s3Bucket")?;
        let region = bucket.required(region, "region")?;
        let target = S3Bucket::new(
            s3_bucket.matching(is_s3_bucket_name, "an S3 bucket's name, as in `fleet-uploads`")?,
            region.matching(is_region, "an AWS Region, as in `us-east-1`")?,
        );
        // Objects of the same key would overwrite each other.
        if buckets.values().any(|known: &S3Bucket| known.name == target.name) {
            return Err(s3_bucket.error("an S3 bucket of its own"));
        }
        buckets.insert(name, target);
    }
    if buckets.is_empty() { Err(field.error("at least one bucket")) } else { Ok(buckets) }
}

fn read_hosts(field: &Field<'_>, buckets: &ByName<S3Bucket>) -> Result<Hosts, DocumentError> {
    let mut hosts = Hosts::default();
    for entry in field.elements()? {
        let [host, style, bucket] = entry.fields(["host", "style", "bucket"])?;
        let host = entry.required(host, "host")?;
        let style = entry.required(style, "style")?;
        let new = match (style.string()?, bucket) {
            ("virtual-hosted", None) => hosts.virtual_hosted.insert(&read_wildcard(&host)?),
            ("path", None) => {
                let name = read_host(&host)?;
                hosts.cname.get(&name).is_none() && hosts.path.insert(&name)
            }
            ("cname", bucket) => {
                let name = read_host(&host)?;
                let bucket = read_host_bucket(&entry.required(bucket, "bucket")?, buckets)?;
                hosts.path.find(&name).is_none() && hosts.cname.insert(&name, bucket)
            }
            ("virtual-hosted" | "path", Some(bucket)) => {
                return Err(bucket.error("no bucket: only a host of style \"cname\" stands for one"));
            }
            _ => return Err(style.error("one of \"virtual-hosted\", \"cname\", \"path\"")),
        };
        if !new {
            return Err(host.error("a host that is listed once"));
        }
    }
    let empty = hosts.cname.is_empty() && hosts.path.len() == 0 && hosts.virtual_hosted.len() == 0;
    if empty { Err(field.error("at least one host")) } else { Ok(hosts) }
}

fn read_wildcard(field: &Field<'_>) -> Result<String, DocumentError> {
    let endpoint = field.string()?.strip_prefix("*.").filter(|endpoint| is_host(endpoint));
    endpoint.map(str::to_owned).ok_or_else(|| {
        field.error(
            "`*.` and the host that follows the bucket, in lower case and without a port, as in `*.oss.example.com`",
        )
    })
}

fn read_host(field: &Field<'_>) -> Result<String, DocumentError> {
    matching(field, is_host, "a host in lower case, without a port, as in `uploads.example.com`")
}

fn read_host_bucket(field: &Field<'_>, buckets: &ByName<S3Bucket>) -> Result<String, DocumentError> {
    matching(field, |name| buckets.get(name).is_some(), "one of the names in `buckets`")
}

fn read_api(field: &Field<'_>, buckets: &ByName<S3Bucket>) -> Result<Api, DocumentError> {
    let [domain, path] = field.fields(["domain", "path"])?;
    let domain = field.required(domain, "domain")?;
    let path = field.required(path, "path")?;
    if buckets.values().any(|bucket| domain.string().is_ok_and(|text| text == bucket.domain)) {
        return Err(domain.error("the API's domain name, not a bucket's"));
    }
    Ok(Api {
        domain: matching(&domain, is_host, "a domain name in lower case, without a scheme, port or path")?,
        path: matching(&path, is_stage_path, "the stage's path, as in `/prod`, or an empty string for none")?,
    })
}

fn matching(field: &Field<'_>, is_valid: impl Fn(&str) -> bool, expected: &str) -> Result<String, DocumentError> {
    let text = field.string()?;
    if is_valid(text) { Ok(text.to_owned()) } else { Err(field.error(expected)) }
}

/// OSS: 3 to 63 lower-case letters, digits and hyphens, a letter or digit at both ends.
pub(crate) fn is_oss_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len()) && is_label(name)
}

/// S3: as OSS, and dots between labels.
fn is_s3_bucket_name(name: &str) -> bool {
    (3..=63).contains(&name.len()) && name.split('.').all(is_label)
}

pub(crate) fn is_region(region: &str) -> bool {
    (1..=32).contains(&region.len()) && is_label(region)
}

/// RFC 1123 section 2.1; CloudFront allows an origin 253 characters.
pub(crate) fn is_host(host: &str) -> bool {
    host.len() <= 253 && host.split('.').all(|label| label.len() <= 63 && is_label(label))
}

fn is_label(label: &str) -> bool {
    const ALLOWED: Characters = Characters::LOWER_CASE.or(Characters::DIGITS).or(Characters::HYPHEN);
    !label.is_empty() && Characters::of(label).are_among(ALLOWED) && !label.starts_with('-') && !label.ends_with('-')
}

/// An origin path begins with `/` and doesn't end with it (CloudFront, "Origin path").
fn is_stage_path(path: &str) -> bool {
    let segment_ok = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    path.is_empty() || (path.len() <= 255 && path.strip_prefix('/').is_some_and(|path| path.split('/').all(segment_ok)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{
        "maxClockSkewSeconds": 300,
        "hosts": [
            { "host": "*.d111111abcdef8.cloudfront.net", "style": "virtual-hosted" },
            { "host": "uploads.example.com", "style": "cname", "bucket": "fleet-uploads" },
            { "host": "127.0.0.1", "style": "path" }
        ],
        "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } },
        "api": { "domain": "abc123.execute-api.us-east-1.amazonaws.com", "path": "/prod" }
    }"#;

    fn read(text: &str) -> Result<Config, String> {
        Config::from_document(&Document::from_json(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_the_sample() {
        let config = read(SAMPLE).unwrap();
        assert_eq!(config.max_clock_skew_seconds, 300);
        assert_eq!(
            config.buckets.get("fleet-uploads").unwrap().domain,
            "fleet-uploads-prod.s3.us-east-1.amazonaws.com"
        );
        assert_eq!(config.api.unwrap().path, "/prod");
    }

    #[test]
    fn needs_neither_a_skew_nor_an_api() {
        let text = r#"{"hosts":[{"host":"h","style":"path"}],"buckets":{"abc":{"s3Bucket":"abc","region":"r"}}}"#;
        assert_eq!(read(text).unwrap().max_clock_skew_seconds, 300);
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for (from, to, expected) in [
            (
                "\"maxClockSkewSeconds\": 300",
                "\"completeMultipartUpload\": \"lambda\"",
                "completeMultipartUpload: expected one of \"api\", \"s3\"",
            ),
            ("\"maxClockSkewSeconds\": 300", "\"listParts\": 1", "listParts: expected true or false"),
            (
                "\"maxClockSkewSeconds\": 300",
                "\"headers\": { \"tagging\": 1 }",
                "headers.tagging: expected true or false",
            ),
            (
                "\"maxClockSkewSeconds\": 300",
                "\"maxClockSkewSeconds\": -1",
                "maxClockSkewSeconds: expected an integer from 0 to 86400",
            ),
            (
                "\"maxClockSkewSeconds\": 300",
                "\"maxClockSkewSeconds\": 1.5",
                "maxClockSkewSeconds: expected an integer from 0 to 86400",
            ),
            (
                "\"maxClockSkewSeconds\": 300",
                "\"maxClockSkewSeconds\": \"300\"",
                "maxClockSkewSeconds: expected an integer from 0 to 86400",
            ),
            (
                "\"maxClockSkewSeconds\": 300",
                "\"maxClockSkew\": 300",
                "maxClockSkew: expected no such field; known here: maxClockSkewSeconds, maxUrlExpirySeconds, signatureSchemes, signatureRegions, hosts, buckets, api, \
                 completeMultipartUpload, listParts, headers, credentials",
            ),
            (
                "\"hosts\"",
                "\"api2\"",
                "api2: expected no such field; known here: maxClockSkewSeconds, maxUrlExpirySeconds, signatureSchemes, signatureRegions, hosts, buckets, api, \
                 completeMultipartUpload, listParts, headers, credentials",
            ),
            (
                "\"style\": \"path\"",
                "\"style\": \"vhost\"",
                "hosts[2].style: expected one of \"virtual-hosted\", \"cname\", \"path\"",
            ),
            (
                "\"style\": \"path\"",
                "\"style\": \"path\", \"bucket\": \"fleet-uploads\"",
                "hosts[2].bucket: expected no bucket: only a host of style \"cname\" stands for one",
            ),
            (
                "\"bucket\": \"fleet-uploads\"",
                "\"bucket\": \"other\"",
                "hosts[1].bucket: expected one of the names in `buckets`",
            ),
            (", \"bucket\": \"fleet-uploads\"", "", "hosts[1].bucket: expected this field to be present"),
            (
                "127.0.0.1",
                "127.0.0.1:80",
                "hosts[2].host: expected a host in lower case, without a port, as in `uploads.example.com`",
            ),
            ("127.0.0.1", "uploads.example.com", "hosts[2].host: expected a host that is listed once"),
            (
                "\"*.d111111abcdef8",
                "\"d111111abcdef8",
                "hosts[0].host: expected `*.` and the host that follows the bucket, in lower case and without a port, as in `*.oss.example.com`",
            ),
            (
                "\"fleet-uploads\": {",
                "\"Fleet\": {",
                "buckets.Fleet: expected a bucket name of 3 to 63 lower-case letters, digits and hyphens",
            ),
            (
                "fleet-uploads-prod",
                "fleet_uploads",
                "buckets.fleet-uploads.s3Bucket: expected an S3 bucket's name, as in `fleet-uploads`",
            ),
            ("\"us-east-1\" }", "\"US\" }", "buckets.fleet-uploads.region: expected an AWS Region, as in `us-east-1`"),
            (
                "\"region\"",
                "\"Region\"",
                "buckets.fleet-uploads.Region: expected no such field; known here: s3Bucket, region",
            ),
            (
                "abc123.execute",
                "https://abc123.execute",
                "api.domain: expected a domain name in lower case, without a scheme, port or path",
            ),
            (
                "\"/prod\"",
                "\"prod\"",
                "api.path: expected the stage's path, as in `/prod`, or an empty string for none",
            ),
            (
                "\"/prod\"",
                "\"/prod/\"",
                "api.path: expected the stage's path, as in `/prod`, or an empty string for none",
            ),
            ("\"/prod\"", "null", "api.path: expected a string"),
            (
                "abc123.execute-api.us-east-1",
                "fleet-uploads-prod.s3.us-east-1",
                "api.domain: expected the API's domain name, not a bucket's",
            ),
            (
                "\"region\": \"us-east-1\" }",
                "\"region\": \"us-east-1\" }, \"other\": { \"s3Bucket\": \"fleet-uploads-prod\", \"region\": \"us-east-1\" }",
                "buckets.other.s3Bucket: expected an S3 bucket of its own",
            ),
        ] {
            let text = SAMPLE.replacen(from, to, 1);
            assert_ne!(text, SAMPLE, "{from}");
            assert_eq!(read(&text).err().as_deref(), Some(expected));
        }
    }

    #[test]
    fn refuses_documents_of_another_shape() {
        for (text, expected) in [
            ("[]", "the document: expected an object"),
            ("null", "the document: expected an object"),
            (r#"{"buckets":{},"hosts":[]}"#, "buckets: expected at least one bucket"),
            (r#"{"buckets":{"abc":{"s3Bucket":"abc","region":"r"}},"hosts":[]}"#, "hosts: expected at least one host"),
            (r#"{"hosts":[],"hosts":[]}"#, "hosts: expected a name that appears once"),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(expected));
        }
    }
}
