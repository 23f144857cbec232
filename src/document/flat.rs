//! A document as JavaScript hands it over: flat text, so that no machinery for JavaScript's objects is
//! linked in.

use super::Document;

impl Document {
    /// Reads a value whose parts are joined by NUL, each with its kind as the first character: `z` null,
    /// `t` true, `f` false, `n` and a number, `s` and a string, `[` and how many values follow, `{` and how
    /// many names and values follow.
    ///
    /// `None` for any other text.
    pub fn from_flat(text: &str) -> Option<Document> {
        let mut parts = text.split('\0');
        let document = read(&mut parts)?;
        if parts.next().is_none() { Some(document) } else { None }
    }
}

fn read<'t>(parts: &mut impl Iterator<Item = &'t str>) -> Option<Document> {
    let part = parts.next()?;
    let kind = part.chars().next()?;
    let rest = part.get(kind.len_utf8()..)?;
    match kind {
        'z' => Some(Document::Null),
        't' => Some(Document::Bool(true)),
        'f' => Some(Document::Bool(false)),
        'n' => Some(Document::Number(rest.parse().ok())),
        's' => Some(Document::String(rest.to_owned())),
        '[' => (0..count(rest)?).map(|_| read(parts)).collect::<Option<_>>().map(Document::Array),
        '{' => {
            let entries = (0..count(rest)?).map(|_| Some((parts.next()?.to_owned(), read(parts)?)));
            entries.collect::<Option<_>>().map(Document::Object)
        }
        _ => None,
    }
}

fn count(text: &str) -> Option<u32> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(document: &Document) -> String {
        match document {
            Document::Null => "null".to_owned(),
            Document::Bool(value) => value.to_string(),
            Document::Number(value) => format!("{value:?}"),
            Document::String(text) => format!("{text:?}"),
            Document::Array(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(",")),
            Document::Object(entries) => {
                let entries = entries.iter().map(|(name, value)| format!("{name:?}:{}", shown(value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn reads_each_kind_of_value() {
        let text = "{6\0a\0z\0b\0t\0c\0f\0d\0n300\0e\0s\0\0[2\0sx y\0{0";
        let document = Document::from_flat(text).unwrap();
        assert_eq!(shown(&document), r#"{"a":null,"b":true,"c":false,"d":Some(300),"e":"","":["x y",{}]}"#);
        for number in ["n-1", "n1.5", "n1e+21", "nNaN", "n100000000000000000000"] {
            assert_eq!(Document::from_flat(number).map(|document| shown(&document)).as_deref(), Some("None"));
        }
    }

    #[test]
    fn reads_nothing_else() {
        for text in ["", "x", "[1", "[", "[-1", "{1\0a", "{1", "z\0z", "[1\0z\0z", "日"] {
            assert!(Document::from_flat(text).is_none(), "{text:?}");
        }
    }
}
