//! Types for the fields of documents, which are checked as they are read.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};

/// Reads a field that may be absent, but not null.
///
/// # Errors
/// Those of the value.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A JSON object, and nothing else. A struct that derives `Deserialize` also accepts an array of its fields: a rule
/// `[]` would then allow everything.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            // See `documents.rs`.
            #[inline(never)]
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

/// A visitor for texts that satisfy a rule, as in the types that [`checked_text`] defines.
pub(crate) struct TextRule<T> {
    pub(crate) is_valid: fn(&str) -> bool,
    pub(crate) expected: &'static str,
    pub(crate) of: fn(String) -> T,
}

impl<T> Visitor<'_> for TextRule<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        if (self.is_valid)(text) {
            Ok((self.of)(text.to_owned()))
        } else {
            Err(E::invalid_value(Unexpected::Other("another text"), &self))
        }
    }
}

/// Defines a type for texts that satisfy a rule.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $is_valid:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) String);

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let rule = $crate::documents::field::TextRule { is_valid: $is_valid, expected: $expected, of: $name };
                deserializer.deserialize_str(rule)
            }
        }
    };
}
pub(crate) use checked_text;

/// Reads one of these values by its name.
///
/// # Errors
/// When it is none of the names.
pub(crate) fn one_of<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    values: &[(&'static str, T)],
) -> Result<T, D::Error> {
    struct OneOf<'v, T>(&'v [(&'static str, T)]);

    impl<T: Copy> Visitor<'_> for OneOf<'_, T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let names: Vec<_> = self.0.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            write!(f, "one of {}", names.join(", "))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let found = self.0.iter().find(|(name, _)| *name == text);
            found.map(|(_, value)| *value).ok_or_else(|| E::invalid_value(Unexpected::Other("another text"), &self))
        }
    }

    deserializer.deserialize_str(OneOf(values))
}

/// An integer from `MIN` to `MAX`.
#[derive(Clone, Copy)]
pub(crate) struct Integer<const MIN: u64, const MAX: u64>(pub(crate) u64);

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Integer<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InRange<const MIN: u64, const MAX: u64>;

        impl<const MIN: u64, const MAX: u64> Visitor<'_> for InRange<MIN, MAX> {
            type Value = Integer<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an integer from {MIN} to {MAX}")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                if (MIN..=MAX).contains(&number) {
                    Ok(Integer(number))
                } else {
                    Err(E::invalid_value(Unexpected::Unsigned(number), &self))
                }
            }
        }

        deserializer.deserialize_u64(InRange)
    }
}

/// An object with names that the operator chooses. Repeated names are refused.
pub(crate) struct UniqueMap<K, V>(pub(crate) BTreeMap<K, V>);

impl<K, V> Default for UniqueMap<K, V> {
    fn default() -> Self {
        UniqueMap(BTreeMap::new())
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for UniqueMap<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique<K, V>(PhantomData<(K, V)>);

        impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Unique<K, V> {
            type Value = UniqueMap<K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry()? {
                    if map.insert(name, value).is_some() {
                        return Err(A::Error::custom("expected names that appear once"));
                    }
                }
                Ok(UniqueMap(map))
            }
        }

        deserializer.deserialize_map(Unique(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::json::{Values, read};

    checked_text!(Name, |text| text.starts_with('n'), "a name that begins with n");

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "only errors are looked at")]
    struct Sample {
        name: Name,
        #[serde(default, deserialize_with = "present")]
        max_bytes: Option<Integer<1, 10>>,
        #[serde(default)]
        children: Vec<Object<Child>>,
        #[serde(default)]
        by_name: UniqueMap<String, Object<Child>>,
        #[serde(default)]
        flag: bool,
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only errors are looked at")]
    struct Child {
        name: Name,
    }

    #[test]
    fn names_the_path_and_what_was_expected() {
        for (json, expected) in [
            ("[]", "the document: expected an object"),
            ("{}", "name: expected this field to be present"),
            (r#"{"name":"x"}"#, r#"name: expected a name that begins with n, found "x""#),
            (r#"{"name":1}"#, "name: expected a name that begins with n, found 1"),
            (r#"{"name":"n","name":"n"}"#, "name: expected a name that appears once"),
            (r#"{"name":"n","maxBytes":11}"#, "maxBytes: expected an integer from 1 to 10, found 11"),
            (r#"{"name":"n","maxBytes":null}"#, "maxBytes: expected an integer from 1 to 10, found null"),
            (r#"{"name":"n","maxBytes":1.0}"#, "maxBytes: expected an integer from 1 to 10, found 1.0"),
            (r#"{"name":"n","maxByte":1}"#, "the document: unknown field `maxByte`, did you mean `maxBytes`?"),
            (
                r#"{"name":"n","other":1}"#,
                "the document: unknown field `other`, expected one of name, maxBytes, children, byName, flag",
            ),
            (r#"["n"]"#, r#"the document: expected an object"#),
            (r#"{"name":"n","children":[["n"]]}"#, r#"children[0]: expected an object"#),
            (r#"{"name":"n","byName":{"a":["n"]}}"#, r#"byName.a: expected an object"#),
            (r#"{"name":"n","children":{}}"#, "children: expected an array"),
            (r#"{"name":"n","children":[{"name":"n"},{}]}"#, "children[1].name: expected this field to be present"),
            (
                r#"{"name":"n","children":[{"name":"n","nmae":""}]}"#,
                "children[0]: unknown field `nmae`, did you mean `name`?",
            ),
            (r#"{"name":"n","byName":{"a":{"name":"n"},"a":{"name":"n"}}}"#, "byName: expected names that appear once"),
            (
                r#"{"name":"n","byName":{"a":{"name":""}}}"#,
                r#"byName.a.name: expected a name that begins with n, found """#,
            ),
            (r#"{"name":"n","flag":0}"#, "flag: expected true or false, found 0"),
            ("{\n\"name\":}", "the document: expected JSON, stopped at line 2"),
            ("{}{}", "name: expected this field to be present"),
            (r#"{"name":"n"}{}"#, "the document: expected JSON, stopped at line 1"),
        ] {
            let error = read::<Object<Sample>>(json, Values::Shown).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn keeps_values_to_itself_where_they_may_be_secrets() {
        for json in [
            r#"{"name":"s3cr3t"}"#,
            r#"{"name":["s3cr3t"]}"#,
            r#"{"name":"n","flag":"s3cr3t, expected s3cr3t"}"#,
            r#"{"name":"n","children":"s3cr3t"}"#,
            r#"{"name":"n","maxBytes":"s3cr3t"}"#,
        ] {
            let error = read::<Object<Sample>>(json, Values::Secret).err().unwrap().to_string();
            assert!(!error.contains("s3cr3t"), "{error}");
        }
    }
}
