//! Reading `access-keys.json`: one document, or several that stand for one.

use super::{AccessKeys, revoked_id};
use crate::credentials::{Credentials, is_secret_id};
use crate::derived_key::is_device_id;
use crate::document::{Document, DocumentError, Field};
use crate::texts::Rest;

/// How many further secrets a document may name: enough for 300,000 keys in secrets of 64 KB.
const MAX_FURTHER_SECRETS: usize = 500;

/// Access keys as they are read, one document after the other, so that no more than one is in memory at
/// a time: a fleet's are many megabytes.
pub struct AccessKeysReader {
    keys: AccessKeys,
    credentials: Credentials,
    /// How many documents there will be, and of how many bytes altogether.
    count: usize,
    bytes: usize,
    read: usize,
    bytes_read: usize,
    /// Master keys that devices are revoked of and that no document had so far, and what it is if none has.
    awaited: Vec<(Box<str>, DocumentError)>,
}

impl AccessKeysReader {
    /// A reader of one document, or of several that stand for one, and of about as many bytes. Of none at
    /// all come no access keys, and every request is refused.
    pub fn new(credentials: Credentials, count: usize, bytes: usize) -> Self {
        let keys = AccessKeys::default();
        AccessKeysReader { keys, credentials, count, bytes, read: 0, bytes_read: 0, awaited: Vec::new() }
    }

    /// Reads the next document, a JSON text.
    ///
    /// # Errors
    /// The path of the first field that is unknown, missing or malformed, and what was expected;
    /// never the value, which may be a secret. Where there are several documents, the path begins with
    /// `documents[0]` and so on.
    pub fn read(&mut self, json: &str) -> Result<(), DocumentError> {
        let index = self.read;
        self.make_room(json.len());
        self.read += 1;
        self.bytes_read += json.len();
        let document = Document::from_json(json);
        let document = document.ok_or_else(|| self.root(&Document::Null, index).error("a JSON text"))?;
        let root = self.root(&document, index);
        let [access_keys, master_keys, revoked_devices, further_secrets] =
            root.fields(["accessKeys", "masterKeys", "revokedDevices", "furtherSecrets"])?;
        if let Some(further_secrets) = further_secrets {
            self.check_further_secrets(&further_secrets, index)?;
        }
        if let Some(master_keys) = master_keys {
            master_keys.elements()?.try_for_each(|entry| self.keys.read_master_key(&entry))?;
        }
        if let Some(access_keys) = access_keys {
            access_keys.elements()?.try_for_each(|entry| self.keys.read_access_key(&entry))?;
        }
        if let Some(revoked_devices) = revoked_devices {
            revoked_devices.elements()?.try_for_each(|entry| self.read_revoked_device(&entry))?;
        }
        let is_last = self.read >= self.count;
        let is_empty = self.keys.ids.len() == 0 && self.keys.masters.is_empty();
        if is_last && is_empty { Err(root.error("at least one access key or master key")) } else { Ok(()) }
    }

    fn make_room(&mut self, next: usize) {
        if self.read > 0 {
            let to_come = self.bytes.saturating_sub(self.bytes_read).max(next);
            self.keys.make_room(Rest { read: self.bytes_read, next, to_come });
        }
    }

    /// All access keys that were read.
    ///
    /// # Errors
    /// The path of a revoked device whose master key is in none of the documents.
    pub fn finish(self) -> Result<AccessKeys, DocumentError> {
        let AccessKeysReader { keys, awaited, .. } = self;
        match awaited.into_iter().find(|(master, _)| !keys.has_master(master)) {
            Some((_, error)) => Err(error),
            None => Ok(keys.shrunk()),
        }
    }

    fn root<'d>(&self, document: &'d Document<'d>, index: usize) -> Field<'d> {
        if self.count == 1 { Field::root(document) } else { Field::root_of(document, index) }
    }

    fn check_further_secrets(&self, field: &Field<'_>, index: usize) -> Result<(), DocumentError> {
        if self.credentials == Credentials::SecretsManager && index == 0 {
            check_further_secrets(field)
        } else {
            Err(field.error("no such field here: only Secrets Manager's first document has further secrets"))
        }
    }

    /// A device that is revoked twice is revoked: lists of two operators may be put together.
    fn read_revoked_device(&mut self, entry: &Field<'_>) -> Result<(), DocumentError> {
        let [master, device] = entry.fields(["masterKey", "deviceId"])?;
        let master = entry.required(master, "masterKey")?;
        let device = entry.required(device, "deviceId")?;
        let master_id = master.string()?;
        if !self.keys.has_master(master_id) {
            self.await_master(master_id, &master);
        }
        let device_id = device.matching(is_device_id, "1 to 64 letters, digits, `_` and `-`")?;
        self.keys.revoked.insert(&revoked_id(master_id, device_id));
        Ok(())
    }

    fn await_master(&mut self, id: &str, field: &Field<'_>) {
        if !self.awaited.iter().any(|(awaited, _)| **awaited == *id) {
            self.awaited.push((id.into(), field.error("the id of one of the master keys")));
        }
    }
}

impl AccessKeys {
    /// Reads `access-keys.json`, or all of several documents, as an [`AccessKeysReader`] does.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn from_documents(documents: &[&str], credentials: Credentials) -> Result<Self, DocumentError> {
        let mut reader =
            AccessKeysReader::new(credentials, documents.len(), documents.iter().map(|json| json.len()).sum());
        documents.iter().try_for_each(|json| reader.read(json))?;
        reader.finish()
    }

    fn make_room(&mut self, rest: Rest) {
        self.ids.make_room(rest);
        rest.make_room(&mut self.listed);
        self.secrets.make_room(rest);
        rest.make_room(&mut self.secret_lives);
        self.revoked.make_room(rest);
    }

    fn shrunk(mut self) -> Self {
        self.ids.shrink_to_fit();
        self.listed.shrink_to_fit();
        self.secrets.shrink_to_fit();
        self.secret_lives.shrink_to_fit();
        self.revoked.shrink_to_fit();
        self
    }
}

fn check_further_secrets(field: &Field<'_>) -> Result<(), DocumentError> {
    let mut known = Vec::new();
    for element in field.elements()? {
        let id = element.matching(is_secret_id, "a secret's name or ARN")?;
        if known.contains(&id) {
            return Err(element.error("a secret that is listed once"));
        }
        known.push(id);
    }
    if known.len() > MAX_FURTHER_SECRETS { Err(field.error("at most 500 secrets")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read_all(texts: &[&str], credentials: Credentials) -> Result<AccessKeys, String> {
        AccessKeys::from_documents(texts, credentials).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<AccessKeys, String> {
        read_all(&[text], Credentials::SecretsManager)
    }

    const MASTER: &str = r#"{"id":"a1","secret":"0123456789abcdef0123456789abcdef"}"#;

    #[test]
    fn refuses_documents_of_another_shape() {
        for (text, expected) in [
            ("", "the document: expected a JSON text"),
            ("[]", "the document: expected an object"),
            ("{}", "the document: expected at least one access key or master key"),
            (r#"{"accessKeys":[],"masterKeys":[]}"#, "the document: expected at least one access key or master key"),
            (r#"{"accessKeys":{}}"#, "accessKeys: expected an array"),
            (
                r#"{"keys":[]}"#,
                "keys: expected no such field; known here: accessKeys, masterKeys, revokedDevices, furtherSecrets",
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
        assert_eq!((keys.ids.len(), keys.masters.len(), keys.revoked.len()), (1, 1, 1));
        for (documents, expected) in [
            (&[third, third][..], "documents[1].accessKeys[0].accessKeyId: expected an id that appears once"),
            (&[&second, &second], "documents[1].masterKeys[0].id: expected an id that appears once"),
            (&["{}", "{}"], "documents[1]: expected at least one access key or master key"),
            (&["{}", "1"], "documents[1]: expected an object"),
            (&["{}", "{]"], "documents[1]: expected a JSON text"),
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
            assert_eq!(read_all(&documents, Credentials::SecretsManager).unwrap().revoked.len(), 1);
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
        let many = (0..501).map(|index| format!("\"s{index}\"")).collect::<Vec<_>>().join(",");
        assert_eq!(
            read(&with(&format!("[{many}]"))).err().as_deref(),
            Some("furtherSecrets: expected at most 500 secrets")
        );
    }

    #[test]
    fn knows_no_key_where_there_is_no_document() {
        let keys = read_all(&[], Credentials::SecretsManager).unwrap();
        assert_eq!((keys.ids.len(), keys.masters.len()), (0, 0));
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
}
