//! `headers` of `config.json`.

use serde::{Deserialize, Deserializer};

use super::field::{UniqueMap, checked_text, one_of};
use crate::config::header_rules::{HeaderRules, S3_STORAGE_CLASSES, Tagging, Unsupported, oss_storage_class};
use crate::config::names::is_visible_ascii;

/// The longest key id or ARN that is taken, in bytes (AWS KMS API Reference, `KeyId`).
const MAX_KMS_KEY: usize = 2048;

/// `headers` of the configuration. Fields that are left out have their defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct HeaderRulesDocument {
    #[serde(default)]
    storage_classes: UniqueMap<StorageClassName, S3StorageClass>,
    #[serde(default)]
    tagging: bool,
    #[serde(default, deserialize_with = "unsupported")]
    public_acl: Unsupported,
    #[serde(default, deserialize_with = "unsupported")]
    callback: Unsupported,
    #[serde(default)]
    kms_keys: UniqueMap<KmsKeyName, KmsKey>,
}

checked_text!(
    StorageClassName,
    |text| oss_storage_class(text).is_some(),
    "one of \"Standard\", \"IA\", \"Archive\", \"ColdArchive\", \"DeepColdArchive\" as its name"
);
checked_text!(
    S3StorageClass,
    |text| S3_STORAGE_CLASSES.contains(&text),
    "a storage class of S3, as in \"STANDARD_IA\""
);
checked_text!(KmsKeyName, |text| is_visible_ascii(text, MAX_KMS_KEY), "a key id of OSS's as its name, or \"default\"");
checked_text!(KmsKey, |text| is_visible_ascii(text, MAX_KMS_KEY), "the id or the ARN of a KMS key");

fn unsupported<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Unsupported, D::Error> {
    one_of(deserializer, &[("refused", Unsupported::Refused), ("dropped", Unsupported::Dropped)])
}

impl From<HeaderRulesDocument> for HeaderRules {
    fn from(document: HeaderRulesDocument) -> Self {
        let storage_classes = document.storage_classes.0.into_iter();
        HeaderRules {
            storage_classes: storage_classes
                .filter_map(|(name, class)| Some((oss_storage_class(&name.0)?.0, class.0)))
                .collect(),
            tagging: if document.tagging { Tagging::Mapped } else { Tagging::Refused },
            public_acl: document.public_acl,
            callback: document.callback,
            kms_keys: document.kms_keys.0.into_iter().map(|(name, key)| (name.0, key.0)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::field::Object;
    use crate::documents::json::{self, Values};

    fn read(text: &str) -> Result<HeaderRules, String> {
        let document = json::read::<Object<HeaderRulesDocument>>(text, Values::Shown);
        document.map(|Object(rules)| rules.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn changes_only_what_is_named() {
        let rules = read(r#"{"storageClasses":{"Archive":"GLACIER_IR"}}"#).unwrap();
        assert_eq!(rules.storage_class("Archive"), Some("GLACIER_IR"));
        assert_eq!(rules.storage_class("IA"), Some("STANDARD_IA"));
        assert_eq!(rules.storage_class("GLACIER_IR"), None);
        assert_eq!(read("{}"), Ok(HeaderRules::default()));
    }

    #[test]
    fn finds_the_key_that_is_named_or_the_default() {
        let rules = read(r#"{"kmsKeys":{"default":"arn:a","9468da86":"arn:b"}}"#).unwrap();
        assert_eq!(rules.kms_key(None), Some("arn:a"));
        assert_eq!(rules.kms_key(Some("9468da86")), Some("arn:b"));
        assert_eq!(rules.kms_key(Some("other")), None);
        assert_eq!(HeaderRules::default().kms_key(None), None);
    }

    #[test]
    fn names_the_field_and_what_was_expected() {
        for (text, expected) in [
            (r#"{"storageClasses":{"Cold":"GLACIER"}}"#, "storageClasses.Cold: expected one of \"Standard\""),
            (
                r#"{"storageClasses":{"IA":"GLACIER","IA":"GLACIER"}}"#,
                "storageClasses: expected names that appear once",
            ),
            (r#"{"storageClasses":{"IA":"IA"}}"#, "storageClasses.IA: expected a storage class of S3"),
            (r#"{"tagging":"yes"}"#, "tagging: expected true or false"),
            (r#"{"publicAcl":true}"#, "publicAcl: expected one of \"refused\", \"dropped\", found true"),
            (r#"{"publicAcl":"public"}"#, "publicAcl: expected one of \"refused\", \"dropped\""),
            (r#"{"kmsKeys":{"default":""}}"#, "kmsKeys.default: expected the id or the ARN"),
            (r#"{"kmsKeys":{"a b":"arn"}}"#, "kmsKeys.a b: expected a key id of OSS's"),
            (r#"{"callback":{}}"#, "callback: expected one of \"refused\", \"dropped\""),
            (r#"{"callbacks":{}}"#, "the document: unknown field `callbacks`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
