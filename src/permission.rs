//! What an access key may do: a list of rules, of which one must cover the request.

use crate::baked::baked;
use crate::document::{DocumentError, Field};
use crate::operation::Operation;

/// What stands for the device's id in a prefix.
const DEVICE: &str = "{device}";

/// The most rules that a list may have: each is looked at for every request that none before covers.
const MAX_RULES: usize = 100;

/// The longest prefix: an object's key has no more bytes.
const MAX_PREFIX: usize = 1023;

/// The rules of an `allow`; none where there is no `allow`, which is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions(Option<Vec<Rule>>);

/// A bucket, a prefix and operations; each that is left out is any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    bucket: Option<String>,
    prefix: Option<String>,
    operations: Option<Vec<Operation>>,
}

baked!(struct Permissions { 0 });
baked!(struct Rule { bucket, prefix, operations });

/// What a request asks for: its operation, the OSS bucket, and the key as it was decoded once and will
/// be forwarded.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) operation: Operation,
    pub(crate) bucket: &'a str,
    pub(crate) key: &'a str,
}

/// Whether prefixes may name the device: only a derived key has one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Devices {
    Known,
    Unknown,
}

impl Permissions {
    /// Whether a rule covers what is asked for by `device`.
    pub(crate) fn allow(&self, asked: Asked<'_>, device: Option<&str>) -> bool {
        self.0.as_ref().is_none_or(|rules| rules.iter().any(|rule| rule.covers(asked, device)))
    }

    /// Reads an `allow`.
    ///
    /// # Errors
    /// The path of the field that is malformed, and what was expected.
    pub(crate) fn read(field: &Field<'_>, devices: Devices) -> Result<Self, DocumentError> {
        let rules: Vec<_> = field.elements()?.map(|rule| Rule::read(&rule, devices)).collect::<Result<_, _>>()?;
        match rules.len() {
            0 => Err(field.error("at least one rule; left out, everything is allowed")),
            1..=MAX_RULES => Ok(Permissions(Some(rules))),
            _ => Err(field.error("at most 100 rules")),
        }
    }
}

impl Rule {
    fn covers(&self, asked: Asked<'_>, device: Option<&str>) -> bool {
        self.bucket.as_ref().is_none_or(|bucket| bucket == asked.bucket)
            && self.operations.as_ref().is_none_or(|operations| operations.contains(&asked.operation))
            && self.prefix.as_ref().is_none_or(|prefix| begins_with(asked.key, prefix, device))
    }

    fn read(field: &Field<'_>, devices: Devices) -> Result<Self, DocumentError> {
        let [bucket, prefix, operations] = field.fields(["bucket", "prefix", "operations"])?;
        Ok(Rule {
            bucket: bucket.map(|bucket| read_bucket(&bucket)).transpose()?,
            prefix: prefix.map(|prefix| read_prefix(&prefix, devices)).transpose()?,
            operations: operations.map(|operations| read_operations(&operations)).transpose()?,
        })
    }
}

/// Whether `key` begins with the bytes of `prefix`, the device's id in its place.
fn begins_with(key: &str, prefix: &str, device: Option<&str>) -> bool {
    let (mut key, mut prefix) = (key.as_bytes(), prefix.as_bytes());
    while let Some((byte, after)) = prefix.split_first() {
        let (expected, rest) = match (prefix.strip_prefix(DEVICE.as_bytes()), device) {
            (None, _) => (std::slice::from_ref(byte), after),
            (Some(rest), Some(device)) => (device.as_bytes(), rest),
            (Some(_), None) => return false,
        };
        match key.strip_prefix(expected) {
            Some(after) => (key, prefix) = (after, rest),
            None => return false,
        }
    }
    true
}

fn read_bucket(field: &Field<'_>) -> Result<String, DocumentError> {
    let bucket = field.string()?;
    if crate::config::is_oss_bucket_name(bucket) {
        Ok(bucket.to_owned())
    } else {
        Err(field.error("a bucket name of 3 to 63 lower-case letters, digits and hyphens"))
    }
}

/// `{device}` must end a segment: `d-{device}` would let the device `1` write what begins with `d-12`. A
/// segment `.` or `..`, which no key has, or braces around anything else are a mistake.
fn read_prefix(field: &Field<'_>, devices: Devices) -> Result<String, DocumentError> {
    let prefix = field.string()?;
    if !(1..=MAX_PREFIX).contains(&prefix.len()) {
        return Err(field.error("1 to 1023 bytes; left out, any key is allowed"));
    }
    if prefix.rsplit('/').skip(1).any(|segment| matches!(segment, "." | "..")) {
        return Err(field.error("no segment `.` or `..`: no key has one"));
    }
    let mut opened = prefix.split('{').skip(1);
    match devices {
        Devices::Unknown if opened.any(|rest| rest.starts_with("device}")) => {
            Err(field.error("no `{device}`: only a derived key has a device"))
        }
        Devices::Known if !opened.all(|rest| rest.starts_with("device}/")) => {
            Err(field.error("`{` only in `{device}/`, so that no device's id can be the beginning of another's"))
        }
        _ => Ok(prefix.to_owned()),
    }
}

fn read_operations(field: &Field<'_>) -> Result<Vec<Operation>, DocumentError> {
    let mut operations = Vec::new();
    for element in field.elements()? {
        let name = element.string()?;
        let operation = Operation::ALL.into_iter().find(|known| known.name() == name && !operations.contains(known));
        operations.push(operation.ok_or_else(|| {
            element.error(
                "one of \"PutObject\", \"InitiateMultipartUpload\", \"UploadPart\", \"CompleteMultipartUpload\", \
                 \"AbortMultipartUpload\", \"ListParts\", each once",
            )
        })?);
    }
    if operations.is_empty() { Err(field.error("at least one operation")) } else { Ok(operations) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Document;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn takes_a_prefix_for_literals_between_devices(
            prefix in "([ab{}é]|\\{device\\}){0,4}",
            key in "([ab{}é]|\\{device\\}|sn){0,5}",
            device in proptest::option::of("sn?|a"),
        ) {
            let expected = match &device {
                Some(device) => key.starts_with(&prefix.replace(DEVICE, device)),
                None => !prefix.contains(DEVICE) && key.starts_with(&prefix),
            };
            prop_assert_eq!(begins_with(&key, &prefix, device.as_deref()), expected);
        }
    }

    fn read(text: &str, devices: Devices) -> Result<Permissions, String> {
        let document = Document::from_json(text).unwrap();
        Permissions::read(&Field::root(&document), devices).map_err(|error| error.to_string())
    }

    fn allows(text: &str, asked: (Operation, &str, &str), device: Option<&str>) -> bool {
        let (operation, bucket, key) = asked;
        read(text, Devices::Known).unwrap().allow(Asked { operation, bucket, key }, device)
    }

    #[test]
    fn needs_one_rule_that_covers_all_of_it() {
        let put = |bucket, key| (Operation::PutObject, bucket, key);
        let rules = r#"[{"bucket":"one","prefix":"a/"},{"bucket":"two","operations":["UploadPart"]}]"#;
        assert!(allows(rules, put("one", "a/b"), None) && allows(rules, put("one", "a/"), None));
        assert!(!allows(rules, put("one", "b"), None) && !allows(rules, put("one", "a"), None));
        assert!(!allows(rules, put("two", "a/b"), None) && !allows(rules, put("three", "a/b"), None));
        assert!(allows(rules, (Operation::UploadPart, "two", "b"), None));
        assert!(allows("[{}]", put("any", "any"), None));
        assert!(Permissions::default().allow(Asked { operation: Operation::ListParts, bucket: "b", key: "k" }, None));
    }

    #[test]
    fn puts_the_device_in_its_place() {
        let allowed =
            |key, device| allows(r#"[{"prefix":"d/{device}/x/{device}/"}]"#, (Operation::PutObject, "b", key), device);
        assert!(allowed("d/1/x/1/", Some("1")) && allowed("d/1/x/1/é", Some("1")));
        for key in ["d/1/x/2/k", "d/12/x/1/k", "d//x//k", "d/{device}/x/{device}/k", "d/1/x/1", "D/1/x/1/k", ""] {
            assert!(!allowed(key, Some("1")), "{key}");
        }
        assert!(!allowed("d/{device}/x/{device}/k", None));
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for (text, expected) in [
            ("{}", "the document: expected an array"),
            ("[]", "the document: expected at least one rule; left out, everything is allowed"),
            (r#"[{"key":"a"}]"#, "[0].key: expected no such field; known here: bucket, prefix, operations"),
            (
                r#"[{"bucket":"B"}]"#,
                "[0].bucket: expected a bucket name of 3 to 63 lower-case letters, digits and hyphens",
            ),
            (r#"[{"prefix":""}]"#, "[0].prefix: expected 1 to 1023 bytes; left out, any key is allowed"),
            (r#"[{"prefix":"{device}/"}]"#, "[0].prefix: expected no `{device}`: only a derived key has a device"),
            (r#"[{"operations":[]}]"#, "[0].operations: expected at least one operation"),
        ] {
            assert_eq!(read(text, Devices::Unknown).err().as_deref(), Some(expected));
        }
        for prefix in ["../", "./a", "a/../b", "a/./", "a//../b"] {
            let error = read(&format!(r#"[{{"prefix":"{prefix}"}}]"#), Devices::Unknown).err();
            assert_eq!(
                error.as_deref(),
                Some("[0].prefix: expected no segment `.` or `..`: no key has one"),
                "{prefix}"
            );
        }
        for prefix in ["..", "a/.", "a/..", ".a/b", "..a/", "a./"] {
            assert!(read(&format!(r#"[{{"prefix":"{prefix}"}}]"#), Devices::Unknown).is_ok(), "{prefix}");
        }
        assert!(read(r#"[{"prefix":"{sn}/"}]"#, Devices::Unknown).is_ok());
        for prefix in [
            "{device}",
            "a{device}b",
            "{device}/{device}",
            "{device}{device}/",
            "{Device}/",
            "{device",
            "{sn}/",
            "{device}/{sn}",
            "{{device}/",
        ] {
            let error = read(&format!(r#"[{{"prefix":"{prefix}"}}]"#), Devices::Known).err().unwrap();
            assert!(error.starts_with("[0].prefix: expected `{` only in `{device}/`"), "{error}");
        }
        for operations in [r#""PutObject","PutObject""#, r#""GetObject""#] {
            let error = read(&format!(r#"[{{"operations":[{operations}]}}]"#), Devices::Known).err().unwrap();
            assert!(error.contains(": expected one of \"PutObject\", \"InitiateMultipartUpload\""), "{error}");
        }
    }
}
