use serde_json::{Value, json};

use super::*;

fn read_all(texts: &[&str], credentials: Credentials) -> Result<AccessKeys, String> {
    AccessKeys::from_json(texts, credentials).map_err(|error| error.to_string())
}

fn read(text: &str) -> Result<AccessKeys, String> {
    read_all(&[text], Credentials::SecretsManager)
}

fn count_revoked(keys: &AccessKeys) -> usize {
    keys.masters.values().map(|master| master.revoked_devices.len()).sum()
}

const MASTER: &str = r#"{"id":"a1","secret":"0123456789abcdef0123456789abcdef"}"#;

#[test]
fn refuses_documents_of_another_shape() {
    for (text, expected) in [
        ("", "the document: expected JSON, stopped at line 1"),
        ("[]", "the document: expected an object"),
        ("{}", "the document: expected at least one access key or master key"),
        (r#"{"accessKeys":[],"masterKeys":[]}"#, "the document: expected at least one access key or master key"),
        (r#"{"accessKeys":{}}"#, "accessKeys: expected an array"),
        (
            r#"{"keys":[]}"#,
            "the document: unknown field `keys`, expected one of accessKeys, masterKeys, revokedDevices, furtherSecrets, $schema",
        ),
    ] {
        assert_eq!(read(text).err().as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn refuses_secrets_that_are_none() {
    for (fields, path, expected) in [
        (r#""accessKeySecret":"same""#, "accessKeySecret", "another text than the access key's id"),
        (
            r#""secrets":[{"generation":"1","secret":"s"},{"generation":"2","secret":"same"}]"#,
            "secrets[1].secret",
            "another text than the access key's id",
        ),
        (
            r#""secrets":[{"generation":"1","secret":"s"},{"generation":"2","secret":"s"}]"#,
            "secrets[1].secret",
            "a secret that appears once in its key",
        ),
    ] {
        let found = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"same",{fields}}}]}}"#)).err();
        assert_eq!(found, Some(format!("accessKeys[0].{path}: expected {expected}")), "{fields}");
    }
}

#[test]
fn refuses_to_revoke_what_there_is_not() {
    for (entry, path, expected) in [
        (r#"{"deviceId":"d"}"#, ".masterKey", "expected this field to be present"),
        (r#"{"masterKey":"a1"}"#, ".deviceId", "expected this field to be present"),
        (r#"{"masterKey":"a2","deviceId":"d"}"#, ".masterKey", "expected the id of one of the master keys"),
        (r#"{"masterKey":"a1","deviceId":"d.e"}"#, ".deviceId", "expected 1 to 64 letters, digits, `_` and `-`"),
    ] {
        let found = read(&format!(r#"{{"masterKeys":[{MASTER}],"revokedDevices":[{entry}]}}"#)).err();
        assert_eq!(found, Some(format!("revokedDevices[0]{path}: {expected}")), "{entry}");
    }
}

#[test]
fn reads_several_documents_as_one() {
    let first = r#"{"furtherSecrets":["more","arn:aws:secretsmanager:us-east-1:1:secret:m-Ab1"],"revokedDevices":[{"masterKey":"a1","deviceId":"d"}]}"#;
    let second = format!(r#"{{"masterKeys":[{MASTER}]}}"#);
    let third = r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"}]}"#;
    let keys = read_all(&[first, &second, third], Credentials::SecretsManager).unwrap();
    assert_eq!((keys.listed.len(), keys.masters.len(), count_revoked(&keys)), (1, 1, 1));
    for (documents, expected) in [
        (&[third, third][..], "documents[1].accessKeys[0].accessKeyId: expected an id that appears once"),
        (&[&second, &second], "documents[1].masterKeys[0].id: expected an id that appears once"),
        (&["{}", "{}"], "documents[1]: expected at least one access key or master key"),
        (&["{}", "1"], "documents[1]: expected an object"),
        (&["{}", "{]"], "documents[1]: expected JSON, stopped at line 1"),
        (
            &[third, r#"{"furtherSecrets":["more"]}"#],
            "documents[1].furtherSecrets: expected no such field here: only Secrets Manager's first document has further secrets",
        ),
    ] {
        let found = read_all(documents, Credentials::SecretsManager).err();
        assert_eq!(found.as_deref(), Some(expected));
    }
}

#[test]
fn revokes_a_device_of_a_master_key_in_another_document() {
    let revoked = r#"{"revokedDevices":[{"masterKey":"a1","deviceId":"d"},{"masterKey":"a1","deviceId":"d"}]}"#;
    let master = format!(r#"{{"masterKeys":[{MASTER}]}}"#);
    for documents in [[revoked, &master], [&master, revoked]] {
        assert_eq!(count_revoked(&read_all(&documents, Credentials::SecretsManager).unwrap()), 1);
    }
    let other = r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"}],"revokedDevices":[{"masterKey":"a2","deviceId":"d"}]}"#;
    let found = read_all(&[other, &master], Credentials::SecretsManager).err();
    let expected = "documents[0].revokedDevices[0].masterKey: expected the id of one of the master keys";
    assert_eq!(found.as_deref(), Some(expected));
}

#[test]
fn names_further_secrets_in_secrets_manager_only() {
    let with = |further: &str| {
        format!(r#"{{"accessKeys":[{{"accessKeyId":"a","accessKeySecret":"1"}}],"furtherSecrets":{further}}}"#)
    };
    let refused = read_all(&[&with("[]")], Credentials::Bundled).err().unwrap();
    assert!(refused.starts_with("furtherSecrets: expected no such field here"), "{refused}");
    assert!(read(&with("[]")).is_ok());
    for (further, expected) in [
        (r#""more""#, "furtherSecrets: expected an array"),
        (r#"["a b"]"#, "furtherSecrets[0]: expected a secret's name or ARN"),
        (r#"["a","a"]"#, "furtherSecrets[1]: expected a secret that is listed once"),
    ] {
        assert_eq!(read(&with(further)).err().as_deref(), Some(expected));
    }
    let of_number = |number: usize| {
        let names: Vec<_> = (0..number).map(|index| format!("\"s{index}\"")).collect();
        read(&with(&format!("[{}]", names.join(",")))).err()
    };
    assert_eq!(of_number(500), None);
    assert_eq!(of_number(501).as_deref(), Some("furtherSecrets: expected at most 500 secrets"));
}

#[test]
fn knows_no_key_where_there_is_no_document() {
    let keys = read_all(&[], Credentials::SecretsManager).unwrap();
    assert_eq!((keys.listed.len(), keys.masters.len()), (0, 0));
}

const EVERY_FIELD: &str = r#"{
    "accessKeys": [
        { "accessKeyId": "one", "accessKeySecret": "s3cr3t-one", "securityToken": "s3cr3t-token", "status": "active" },
        {
            "accessKeyId": "two",
            "secrets": [{
                "generation": "1", "secret": "s3cr3t-two",
                "notBefore": "2026-11-25T00:00:00Z", "notAfter": "2026-12-25T00:00:00Z"
            }],
            "allow": [{ "bucket": "abc", "prefix": "a/", "operations": ["PutObject", "ListParts"] }],
            "maxClockSkewSeconds": 60, "maxObjectBytes": 1000
        }
    ],
    "masterKeys": [{
        "id": "a1", "secret": "s3cr3t-master-0123456789abcdef0123456789", "status": "disabled",
        "allow": [{ "prefix": "d/{device}/" }], "scopes": { "logs": { "allow": [{ "bucket": "abc" }] } },
        "maxClockSkewSeconds": 60, "maxObjectBytes": 1000
    }],
    "revokedDevices": [{ "masterKey": "a1", "deviceId": "SN-1" }],
    "furtherSecrets": ["more"]
}"#;

/// The pointers to a value and to all within it.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| pointers(value, &format!("{at}/{index}"), found));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| pointers(value, &format!("{at}/{name}"), found));
        }
        _ => {}
    }
}

#[test]
fn says_of_whatever_is_wrong_anywhere_where_it_is_and_not_what() {
    let document: Value = serde_json::from_str(EVERY_FIELD).unwrap();
    assert!(read(EVERY_FIELD).is_ok());
    let mut all = Vec::new();
    pointers(&document, "", &mut all);
    let mut refused = 0;
    for pointer in &all {
        let original = document.pointer(pointer).unwrap();
        let wrong = [json!(null), json!(true), json!(-1), json!(1.5), json!("s3cr3t \u{7f}"), json!({}), json!([])];
        let nested = [json!(["s3cr3t"]), json!({ "other": "s3cr3t" }), json!([original, original])];
        for value in wrong.into_iter().chain(nested) {
            let mut changed = document.clone();
            *changed.pointer_mut(pointer).unwrap() = value.clone();
            if let Err(error) = read(&changed.to_string()) {
                refused += 1;
                assert!(!error.contains("s3cr3t"), "{pointer}: {error}");
                let first = pointer.split('/').nth(1).unwrap_or("the document");
                let is_there = error.starts_with(first) || error.starts_with("revokedDevices[0].masterKey");
                assert!(is_there || pointer.is_empty(), "{pointer}: {error}");
            }
        }
    }
    assert!(all.len() == 45 && refused > 420, "{} {refused}", all.len());
}

#[test]
fn never_shows_a_secret() {
    let error = read(r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t s3cr3t"}]}"#).err().unwrap();
    assert_eq!(error, "accessKeys[0].accessKeySecret: expected 1 to 256 visible ASCII characters");
    let error = read(r#"{"masterKeys":[{"id":"a","secret":"s3cr3t"}]}"#).err().unwrap();
    assert_eq!(error, "masterKeys[0].secret: expected 32 to 256 visible ASCII characters");
    let keys = read(r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t"}]}"#).unwrap();
    assert_eq!(format!("{keys:?}"), "AccessKeys(..)");
}

#[test]
fn names_the_field_of_an_access_key_and_what_was_expected() {
    let id = "expected 1 to 128 visible ASCII characters other than `:`, `/` and `,`";
    for (fields, path, expected) in [
        (r#""accessKeyId":"a""#, ".accessKeySecret", "expected this field to be present"),
        (
            r#""accessKeyId":"a","accessKeySecre":"b""#,
            "",
            "unknown field `accessKeySecre`, did you mean `accessKeySecret`?",
        ),
        (r#""accessKeyId":"a:b","accessKeySecret":"1""#, ".accessKeyId", id),
        (r#""accessKeyId":"","accessKeySecret":"1""#, ".accessKeyId", id),
        (
            r#""accessKeyId":"OE1.a.b","accessKeySecret":"1""#,
            ".accessKeyId",
            "expected an id that does not begin with `OE1.`, which is how derived keys begin",
        ),
        (r#""accessKeyId":"a","accessKeySecret":"""#, ".accessKeySecret", "expected 1 to 256 visible ASCII characters"),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","secrets":[]"#,
            ".secrets",
            "expected no `secrets` beside `accessKeySecret`",
        ),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","status":"off""#,
            ".status",
            "expected one of \"active\", \"disabled\"",
        ),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","maxClockSkewSeconds":86401"#,
            ".maxClockSkewSeconds",
            "expected an integer from 0 to 86400",
        ),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","maxObjectBytes":5368709121"#,
            ".maxObjectBytes",
            "expected an integer from 1 to 5368709120",
        ),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","maxObjectBytes":0"#,
            ".maxObjectBytes",
            "expected an integer from 1 to 5368709120",
        ),
        (
            r#""accessKeyId":"a","accessKeySecret":"1","allow":[{"prefix":"d/{device}/"}]"#,
            ".allow[0].prefix",
            "expected no `{device}`: only a derived key has a device",
        ),
    ] {
        let found = read(&format!(r#"{{"accessKeys":[{{{fields}}}]}}"#)).err();
        assert_eq!(found, Some(format!("accessKeys[0]{path}: {expected}")), "{fields}");
    }
    let twice =
        r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"1"},{"accessKeyId":"a","accessKeySecret":"2"}]}"#;
    assert_eq!(read(twice).err().as_deref(), Some("accessKeys[1].accessKeyId: expected an id that appears once"));
}

#[test]
fn names_the_field_of_a_secret_and_what_was_expected() {
    let time = "expected a time in UTC, as in `2026-11-25T00:00:00Z`";
    for (secrets, path, expected) in [
        ("{}", "", "expected an array"),
        ("[]", "", "expected 1 to 4 secrets"),
        (r#"[{"secret":"s"}]"#, "[0].generation", "expected this field to be present"),
        (r#"[{"generation":"1"}]"#, "[0].secret", "expected this field to be present"),
        (
            r#"[{"generation":"a b","secret":"s"}]"#,
            "[0].generation",
            "expected 1 to 32 letters, digits, `.`, `_` and `-`",
        ),
        (
            r#"[{"generation":"1","secret":"s"},{"generation":"1","secret":"t"}]"#,
            "[1].generation",
            "expected a generation that appears once in its key",
        ),
        (r#"[{"generation":"1","secret":"s","notBefore":"2026-11-25"}]"#, "[0].notBefore", time),
        (r#"[{"generation":"1","secret":"s","notAfter":"2026-11-25T00:00:00+01:00"}]"#, "[0].notAfter", time),
        (
            r#"[{"generation":"1","secret":"s","notBefore":"2026-11-25T00:00:00Z","notAfter":"2026-11-25T00:00:00Z"}]"#,
            "[0].notAfter",
            "expected a time after `notBefore`",
        ),
    ] {
        let found = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"a","secrets":{secrets}}}]}}"#)).err();
        assert_eq!(found, Some(format!("accessKeys[0].secrets{path}: {expected}")), "{secrets}");
    }
    let secret = |number: usize| format!(r#"{{"generation":"{number}","secret":"s{number}"}}"#);
    let five = (0..5).map(secret).collect::<Vec<_>>().join(",");
    let found = read(&format!(r#"{{"accessKeys":[{{"accessKeyId":"a","secrets":[{five}]}}]}}"#)).err();
    assert_eq!(found.as_deref(), Some("accessKeys[0].secrets: expected 1 to 4 secrets"));
}

#[test]
fn names_the_field_of_a_master_key_and_what_was_expected() {
    let secret = r#""secret":"0123456789abcdef0123456789abcdef""#;
    for (fields, path, expected) in [
        (r#""id":"a""#.into(), ".secret", "expected this field to be present"),
        (secret.into(), ".id", "expected this field to be present"),
        (format!(r#""id":"A",{secret}"#), ".id", "expected 1 to 16 lower-case letters and digits"),
        (
            r#""id":"a","secret":"0123456789abcdef0123456789abcde""#.into(),
            ".secret",
            "expected 32 to 256 visible ASCII characters",
        ),
        (
            format!(r#""id":"a",{secret},"allow":[{{"prefix":"{{device}}"}}]"#),
            ".allow[0].prefix",
            "expected `{` only in `{device}/`, so that no device's id can be the beginning of another's",
        ),
        (format!(r#""id":"a",{secret},"scopes":[]"#), ".scopes", "expected an object"),
        (
            format!(r#""id":"a",{secret},"scopes":{{"A":{{"allow":[{{}}]}}}}"#),
            ".scopes.A",
            "expected a scope's name of 1 to 16 lower-case letters, digits and hyphens",
        ),
        (
            format!(r#""id":"a",{secret},"scopes":{{"logs":{{}}}}"#),
            ".scopes.logs.allow",
            "expected this field to be present",
        ),
    ] {
        let found = read(&format!(r#"{{"masterKeys":[{{{fields}}}]}}"#)).err();
        assert_eq!(found, Some(format!("masterKeys[0]{path}: {expected}")), "{fields}");
    }
    let twice = format!(r#"{{"masterKeys":[{MASTER},{MASTER}]}}"#);
    assert_eq!(read(&twice).err().as_deref(), Some("masterKeys[1].id: expected an id that appears once"));
}
