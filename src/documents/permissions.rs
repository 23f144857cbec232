//! An `allow` of `access-keys.json`.

use serde::{Deserialize, Deserializer};

use super::buckets::OssBucketName;
use super::field::{Object, checked_text, one_of, present};
use super::json::DocumentError;
use crate::access_keys::permission::{Permissions, Rule};
use crate::limits::MAX_KEY_BYTES;
use crate::operation::Operation;

/// The most rules in an `allow`: a request is checked against each until one covers it.
const MAX_RULES: usize = 100;

/// Whether prefixes may contain `{device}`: only a derived key has a device.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Devices {
    Known,
    Unknown,
}

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleDocument {
    #[serde(default, deserialize_with = "present")]
    bucket: Option<OssBucketName>,
    #[serde(default, deserialize_with = "present")]
    prefix: Option<Prefix>,
    #[serde(default, deserialize_with = "present")]
    operations: Option<Vec<OperationName>>,
}

checked_text!(
    Prefix,
    |text| (1..=MAX_KEY_BYTES).contains(&text.len()),
    "1 to 1023 bytes; left out, any key is allowed"
);

#[derive(Clone, Copy)]
struct OperationName(Operation);

impl<'de> Deserialize<'de> for OperationName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, &Operation::IN_RULES.map(|operation| (operation.name(), operation))).map(OperationName)
    }
}

/// Checks an `allow`.
///
/// # Errors
/// The path of the field that is malformed, beginning with `allow`, and what was expected.
pub(super) fn check_allow(document: Vec<Object<RuleDocument>>, devices: Devices) -> Result<Permissions, DocumentError> {
    if document.is_empty() {
        return Err(DocumentError::new("allow", "expected at least one rule; left out, everything is allowed"));
    }
    if document.len() > MAX_RULES {
        return Err(DocumentError::new("allow", format!("expected at most {MAX_RULES} rules")));
    }
    let rules = document.into_iter().enumerate().map(|(index, Object(rule))| {
        check_rule(rule, devices).map_err(|error| error.within(&format!("allow[{index}]")))
    });
    Ok(Permissions(Some(rules.collect::<Result<_, _>>()?)))
}

fn check_rule(document: RuleDocument, devices: Devices) -> Result<Rule, DocumentError> {
    let RuleDocument { bucket, prefix, operations } = document;
    if let Some(Prefix(prefix)) = &prefix {
        check_prefix(prefix, devices).map_err(|expected| DocumentError::new("prefix", expected))?;
    }
    Ok(Rule {
        bucket: bucket.map(|bucket| bucket.0.into()),
        prefix: prefix.map(|prefix| prefix.0.into()),
        operations: operations.map(check_operations).transpose()?,
    })
}

/// Checks a prefix. `{device}` must end a segment: `d-{device}` would let the device `1` write what begins with `d-12`.
/// Other braces, and a segment `.` or `..`, which no key has, are mistakes.
fn check_prefix(prefix: &str, devices: Devices) -> Result<(), &'static str> {
    if prefix.rsplit('/').skip(1).any(|segment| matches!(segment, "." | "..")) {
        return Err("expected no segment `.` or `..`: no key has one");
    }
    let mut after_braces = prefix.split('{').skip(1);
    match devices {
        Devices::Unknown if after_braces.any(|rest| rest.starts_with("device}")) => {
            Err("expected no `{device}`: only a derived key has a device")
        }
        Devices::Known if !after_braces.all(|rest| rest.starts_with("device}/")) => {
            Err("expected `{` only in `{device}/`, so that no device's id can be the beginning of another's")
        }
        _ => Ok(()),
    }
}

fn check_operations(names: Vec<OperationName>) -> Result<Box<[Operation]>, DocumentError> {
    let mut operations = Vec::new();
    for (index, OperationName(operation)) in names.into_iter().enumerate() {
        if operations.contains(&operation) {
            let path = format!("operations[{index}]");
            return Err(DocumentError::new(path, "expected an operation that is listed once"));
        }
        operations.push(operation);
    }
    if operations.is_empty() {
        return Err(DocumentError::new("operations", "expected at least one operation"));
    }
    Ok(operations.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_keys::permission::Asked;
    use crate::documents::json::{self, Values};

    fn read(text: &str, devices: Devices) -> Result<Permissions, String> {
        let document = json::read::<Vec<Object<RuleDocument>>>(text, Values::Secret);
        document.and_then(|rules| check_allow(rules, devices)).map_err(|error| error.to_string())
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
    fn takes_1_to_100_rules() {
        let fault = |rules: usize| read(&format!("[{}]", vec!["{}"; rules].join(",")), Devices::Known).err();
        assert_eq!([1, 100].map(fault), [None, None]);
        for rules in [101, 102] {
            assert_eq!(fault(rules).as_deref(), Some("allow: expected at most 100 rules"), "{rules}");
        }
    }

    #[test]
    fn lets_only_a_rule_that_names_it_ask_whether_an_object_is_there() {
        for operation in Operation::READING {
            let asked = (operation, "b", "k");
            assert!(!Permissions::default().allow(Asked { operation, bucket: "b", key: "k" }, None));
            assert!(!allows("[{}]", asked, None) && !allows(r#"[{"operations":["PutObject"]}]"#, asked, None));
            assert!(allows(r#"[{},{"operations":["HeadObject"]}]"#, asked, None));
            assert!(!allows(r#"[{},{"prefix":"other/","operations":["HeadObject"]}]"#, asked, None));
        }
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
            ("[]", "allow: expected at least one rule; left out, everything is allowed"),
            ("[[]]", "[0]: expected an object"),
            (r#"[{"key":"a"}]"#, "[0]: unknown field `key`, expected one of bucket, prefix, operations"),
            (
                r#"[{"bucket":"B"}]"#,
                "[0].bucket: expected a bucket name of 3 to 63 lower-case letters, digits and hyphens",
            ),
            (r#"[{"prefix":""}]"#, "[0].prefix: expected 1 to 1023 bytes; left out, any key is allowed"),
            (r#"[{"prefix":"{device}/"}]"#, "allow[0].prefix: expected no `{device}`: only a derived key has a device"),
            (r#"[{"operations":[]}]"#, "allow[0].operations: expected at least one operation"),
        ] {
            assert_eq!(read(text, Devices::Unknown).err().as_deref(), Some(expected));
        }
        for prefix in ["../", "./a", "a/../b", "a/./", "a//../b"] {
            let error = read(&format!(r#"[{{"prefix":"{prefix}"}}]"#), Devices::Unknown).err();
            assert_eq!(
                error.as_deref(),
                Some("allow[0].prefix: expected no segment `.` or `..`: no key has one"),
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
            assert!(error.starts_with("allow[0].prefix: expected `{` only in `{device}/`"), "{error}");
        }
        let error = read(r#"[{"operations":["PutObject","PutObject"]}]"#, Devices::Known).err();
        assert_eq!(error.as_deref(), Some("allow[0].operations[1]: expected an operation that is listed once"));
        let error = read(r#"[{"operations":["GetObject"]}]"#, Devices::Known).err().unwrap();
        assert!(error.starts_with("[0].operations[0]: expected one of \"PutObject\", \"Init"), "{error}");
        let error = read(r#"[{"operations":["putObject"]}]"#, Devices::Known).err().unwrap();
        assert!(error.ends_with("\"HeadObject\", did you mean \"PutObject\"?"), "{error}");
    }
}
