//! Valid documents, and each way to make one wrong in one place.

use serde_json::{Value, json};

use crate::world::{self, Deployment};

/// What the values of secrets have in common: no error may repeat one.
pub const MARK: &str = "s3cr3t";

/// `config.json` with every section, `access-keys.json` and `secrets.json`.
pub fn valid(kind: usize) -> Value {
    match kind % 3 {
        0 => {
            let mut config = world::config(Deployment::Relay);
            config["cors"] =
                json!({ "origins": ["https://app.example.com"], "exposedHeaders": ["ETag"], "maxAgeSeconds": 60 });
            config["capture"] = json!({ "accessKeyIds": ["LTAI5tFuzzDevice01"], "refusedShare": 0.5 });
            config["headers"]["storageClasses"] = json!({ "IA": "ONEZONE_IA" });
            config["signatureSchemes"] = json!(["v1-header", "v4-header"]);
            config["signatureRegions"] = json!(["cn-hangzhou"]);
            config["maxClockSkewSeconds"] = json!(300);
            config["credentials"] = json!({
                "source": "secrets-manager", "secretId": "fleet", "regions": ["us-east-1"], "refreshSeconds": 60,
            });
            config
        }
        1 => world::access_keys(),
        _ => json!({ "secrets": [{ "number": 1, "secret": world::SEALING_SECRET.0 }] }),
    }
}

/// A place in a document.
#[derive(Clone, Debug)]
pub enum Step {
    Name(String),
    Index(usize),
}

/// The paths of all values of a document but the document itself.
pub fn paths(value: &Value) -> Vec<Vec<Step>> {
    let children: Vec<(Step, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (Step::Name(name.clone()), value)).collect(),
        Value::Array(values) => values.iter().enumerate().map(|(index, value)| (Step::Index(index), value)).collect(),
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (step, child) in children {
        all.push(vec![step.clone()]);
        all.extend(paths(child).into_iter().map(|rest| [vec![step.clone()], rest].concat()));
    }
    all
}

/// A path as errors write it: `hosts[2].bucket`.
pub fn written(path: &[Step]) -> String {
    path.iter().fold(String::new(), |path, step| match step {
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Name(name) if path.is_empty() => name.clone(),
        Step::Name(name) => format!("{path}.{name}"),
    })
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Name(name) => &mut value[name.as_str()],
        Step::Index(index) => &mut value[*index],
    })
}

/// A document with a fault at a path, and the paths that the error may name.
pub fn faulty(kind: usize, place: usize, fault: usize) -> (String, Vec<String>) {
    let mut document = valid(kind);
    let paths = paths(&document);
    let path = &paths[place % paths.len()];
    let (here, parent) = (written(path), written(&path[..path.len() - 1]));
    let value = at(&mut document, path);
    let is_object = value.is_object();
    match fault % 4 {
        0 => *value = Value::Null,
        1 => {
            *value = match value {
                Value::Object(_) => json!([[]]),
                Value::Array(_) => json!({ "a": {} }),
                Value::String(_) => json!(1.5),
                _ => json!({ MARK: MARK }),
            }
        }
        // A map of the user's own names takes no such value either.
        2 if is_object => value["noSuchField"] = json!([1]),
        2 => *value = json!([{ "noSuchField": 1 }]),
        _ => {
            // A field twice: the text of the document with the field written again before itself.
            if let Some(Step::Name(name)) = path.last() {
                let value = value.clone();
                let marked = format!("{name}{}", "\u{1}");
                let parent_value = at(&mut document, &path[..path.len() - 1]);
                parent_value[&marked] = value;
                let text = document.to_string().replace("\\u0001", "");
                return (text, vec![here, parent]);
            }
            *value = Value::Null;
        }
    }
    let inside = [format!("{here}.noSuchField"), format!("{here}[0]")];
    (document.to_string(), [vec![here, parent], inside.to_vec()].concat())
}
