//! No type that holds a secret prints it: none derives `Debug`, and what is written by hand in its place has no secret.
//! The sources are read, so that a new type is found too.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use oss_edge::{
    AccessKeys, CanonicalizedOssHeaders, Credentials, Query, Request, Resource, SealUses, SealingKeys, Secret,
    signature_v1, signature_v4,
};

/// What a secret is written in, to begin with: an access key's, a master key's, a token, a key of a seal, of HMAC, or
/// bytes of a file with all of them.
const SECRETS: [&str; 3] = ["Zeroizing", "Secret", "SigningKey"];

/// A type by its name, whether it derives `Debug`, and the names in its fields.
struct Declared {
    name: String,
    derives_debug: bool,
    names: BTreeSet<String>,
}

fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![fs::read_to_string(path).unwrap()],
    });
    texts.collect()
}

/// The structs and enums of a source, up to its tests. A declaration ends at a line that is `}`, or in `;`.
fn declared(source: &str) -> Vec<Declared> {
    let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
    let mut types = Vec::new();
    let mut derives_debug = false;
    let mut lines = code.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("#[derive(") {
            derives_debug = line.contains("Debug");
        }
        let Some(at) = ["struct ", "enum "].iter().find_map(|word| Some(line.find(word)? + word.len())) else {
            continue;
        };
        if !line.starts_with("pub") && !line.starts_with("struct ") && !line.starts_with("enum ") {
            continue;
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let name: String = line[at..].chars().take_while(|c| is_name(*c)).collect();
        let mut body = line[at + name.len()..].to_owned();
        if !line.ends_with(';') && !line.ends_with('}') {
            for line in lines.by_ref().take_while(|line| *line != "}") {
                body.push_str(if line.trim_start().starts_with("//") { "" } else { line });
                body.push('\n');
            }
        }
        let names = body.split(|c| !is_name(c)).map(str::to_owned).collect();
        types.push(Declared { name, derives_debug, names });
        derives_debug = false;
    }
    types
}

#[test]
fn no_type_that_holds_a_secret_derives_debug() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let types: Vec<_> = sources(&src).iter().flat_map(|source| declared(source)).collect();
    assert!(types.len() > 100, "{}", types.len());
    let mut holders: BTreeSet<String> = SECRETS.map(str::to_owned).into();
    loop {
        let more = types.iter().filter(|declared| declared.names.iter().any(|name| holders.contains(name)));
        let more: BTreeSet<_> = more.map(|declared| declared.name.clone()).collect();
        if more.is_subset(&holders) {
            break;
        }
        holders.extend(more);
    }
    for known in ["AccessKeys", "ListedKey", "MasterKey", "Policy", "Gate", "SealingKeys", "SigningKeys", "LiveSecret"]
    {
        assert!(holders.contains(known), "{known} holds secrets: {holders:?}");
    }
    let printed = types.iter().filter(|declared| declared.derives_debug && holders.contains(&declared.name));
    let printed: Vec<_> = printed.map(|declared| &*declared.name).collect();
    assert_eq!(printed, [""; 0]);
}

#[test]
fn prints_of_those_that_have_secrets_no_more_than_names() {
    let keys = r#"{"accessKeys":[{"accessKeyId":"a","accessKeySecret":"s3cr3t","securityToken":"s3cr3t"}],
        "masterKeys":[{"id":"m","secret":"s3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3cr3t"}]}"#;
    let secrets = r#"{"secrets":[{"number":1,"secret":"s3cr3tAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
    let secrets = secrets.replacen("AAAAAAAA", "AAAAAAA", 1);
    let sealing = SealingKeys::from_json(&secrets, SealUses { upload_ids: true, hand_over: true }).unwrap();
    let text = "1\0id\0PUT\0/k\0security-token=s3cr3t\0x-oss-security-token\0s3cr3t";
    let request = Request::parse(text).unwrap();
    let query = Query::parse(request.query).unwrap();
    let headers = CanonicalizedOssHeaders::new(request.headers.oss_headers().unwrap());
    let resource = signature_v1::CanonicalizedResource::new("b", "k", &query);
    let signed = signature_v1::StringToSign::new("PUT", "", "", "date", &headers, resource.clone());
    let (object, additional) =
        (Resource { bucket: "b".into(), key: None, style: "path" }, signature_v4::AdditionalHeaders::default());
    let canonical =
        signature_v4::CanonicalRequest::of_request(&request, &object, &query, &headers, &additional).unwrap();
    assert!(signed.to_string().contains("s3cr3t") && canonical.to_string().contains("s3cr3t"));
    for (printed, expected) in [
        (format!("{:?}", Secret::new("s3cr3t")), "Secret(..)"),
        (format!("{:?}", AccessKeys::from_json(&[keys], Credentials::Bundled).unwrap()), "AccessKeys(..)"),
        (format!("{sealing:?}"), "SealingKeys(..)"),
        (format!("{query:?}"), r#"["security-token"]"#),
        (format!("{headers:?}"), r#"["x-oss-security-token"]"#),
        (format!("{resource:?}"), "CanonicalizedResource(..)"),
        (format!("{signed:?}"), "StringToSign(..)"),
        (format!("{canonical:?}"), "CanonicalRequest(..)"),
    ] {
        assert_eq!(printed, expected);
    }
}
