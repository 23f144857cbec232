use super::*;
use crate::config::{Service, Through};

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
    Config::from_json(text).map_err(|error| error.to_string())
}

#[test]
fn reads_the_sample() {
    let config = read(SAMPLE).unwrap();
    assert_eq!(config.max_clock_skew_seconds, 300);
    assert_eq!(config.buckets.get("fleet-uploads").unwrap().domain, "fleet-uploads-prod.s3.us-east-1.amazonaws.com");
    let Some(Service::Api(endpoint)) = config.service else { panic!("no API") };
    assert_eq!(endpoint.path, "/prod");
}

#[test]
fn tells_the_path_of_the_field_that_is_wrong() {
    let path = |text: &str| Config::from_json(text).err().unwrap().path().to_owned();
    assert_eq!(path(&SAMPLE.replace("\"cname\"", "\"c-name\"")), "hosts[1].style");
    assert_eq!(path("[]"), "");
}

#[test]
fn needs_neither_a_skew_nor_an_api() {
    let text = r#"{"$schema":"./config.schema.json","furtherRegions":["af-west-9"],"hosts":[{"host":"h","style":"path"}],"buckets":{"abc":{"s3Bucket":"abc","region":"af-west-9"}}}"#;
    assert_eq!(read(text).unwrap().max_clock_skew_seconds, 300);
}

#[test]
fn takes_access_keys_from_where_it_says_and_from_the_bundle_by_default() {
    assert_eq!(read(SAMPLE).unwrap().credentials(), Credentials::Bundled);
    let credentials = r#""credentials":{"source":"secrets-manager","secretId":"k","regions":["eu-west-1"]},"api""#;
    let config = read(&SAMPLE.replace("\"api\"", credentials)).unwrap();
    assert_eq!(config.credentials(), Credentials::SecretsManager);
}

#[test]
fn joins_512_mib_unless_told_and_at_most_10_000_small_parts() {
    let joined = |fields: &str| read(&SAMPLE.replacen('{', fields, 1)).map(|config| config.max_join_bytes);
    assert_eq!(joined("{"), Ok(536_870_912));
    assert_eq!(joined(r#"{"maxJoinBytes":52428800000,"#), Ok(52_428_800_000));
    assert_eq!(
        joined(r#"{"maxJoinBytes":52428800001,"#),
        Err("maxJoinBytes: expected an integer from 0 to 52428800000, found 52428800001".to_owned())
    );
}

#[test]
fn stages_small_parts_only_where_something_joins_them() {
    let api = "\"api\": { \"domain\": \"abc123.execute-api.us-east-1.amazonaws.com\", \"path\": \"/prod\" }";
    let with = |fields: &str| read(&SAMPLE.replace(api, fields)).err();
    let staged = r#""smallParts":"stage""#;
    assert_eq!(with(&format!("{api},{staged}")), None);
    assert_eq!(
        with(staged).as_deref(),
        Some("smallParts: expected \"forward\" where there is neither an `api` nor a `relay`")
    );
    assert_eq!(
        with(&format!(r#"{api},{staged},"completeMultipartUpload":"s3""#)).as_deref(),
        Some("smallParts: expected \"forward\" where `completeMultipartUpload` is \"s3\": S3 can't join parts")
    );
}

#[test]
fn serves_head_object_through_an_api_or_a_relay() {
    let with = |service: &str| {
        read(&format!(
            r#"{{"hosts":[{{"host":"h","style":"path"}}],"buckets":{{"abc":{{"s3Bucket":"abc","region":"us-east-1"}}}},{service}"headObject":"served"}}"#
        ))
    };
    for service in ["api", "relay"] {
        assert!(with(&format!(r#""{service}":{{"domain":"a.b","path":""}},"#)).is_ok(), "{service}");
    }
    let expected = "headObject: expected an `api` or a `relay`, which \"served\" needs";
    assert_eq!(with("").err().map(|error| error.to_string()).as_deref(), Some(expected));
}

#[test]
fn names_the_field_and_what_was_expected() {
    for (from, to, expected) in [
        (
            "\"maxClockSkewSeconds\": 300",
            "\"completeMultipartUpload\": \"lambda\"",
            "completeMultipartUpload: expected one of \"api\", \"relay\", \"s3\", found \"lambda\"",
        ),
        ("\"maxClockSkewSeconds\": 300", "\"listParts\": 1", "listParts: expected true or false, found 1"),
        ("\"maxClockSkewSeconds\": 300", "\"signatureRegions\": []", "signatureRegions: expected at least one region"),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"headObject\": \"missing\"",
            "headObject: expected one of \"refused\", \"absent\", \"served\", found \"missing\"",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"triggers\": \"three\"",
            "triggers: expected one of \"viewer-request\", \"origin-request\", found \"three\"",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"headers\": { \"tagging\": 1 }",
            "headers.tagging: expected true or false, found 1",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"maxClockSkewSeconds\": -1",
            "maxClockSkewSeconds: expected an integer from 0 to 86400, found -1",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"maxClockSkewSeconds\": 1.5",
            "maxClockSkewSeconds: expected an integer from 0 to 86400, found 1.5",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"maxClockSkewSeconds\": \"300\"",
            "maxClockSkewSeconds: expected an integer from 0 to 86400, found \"300\"",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"maxClockSkew\": 300",
            "the document: unknown field `maxClockSkew`, did you mean `maxClockSkewSeconds`?",
        ),
        ("\"hosts\"", "\"api2\"", "the document: unknown field `api2`, did you mean `api`?"),
        (
            "\"style\": \"path\"",
            "\"style\": \"vhost\"",
            "hosts[2].style: expected one of \"virtual-hosted\", \"cname\", \"path\", \"endpoint\", found \"vhost\"",
        ),
        (
            "\"style\": \"path\"",
            "\"style\": \"path\", \"bucket\": \"fleet-uploads\"",
            "hosts[2].bucket: expected no bucket: only a host of style \"cname\" or \"endpoint\" stands for one",
        ),
        (
            "\"bucket\": \"fleet-uploads\"",
            "\"bucket\": \"other\"",
            "hosts[1].bucket: expected one of the names in `buckets`, found \"other\"",
        ),
        (", \"bucket\": \"fleet-uploads\"", "", "hosts[1].bucket: expected this field to be present"),
        (
            "127.0.0.1",
            "127.0.0.1:80",
            "hosts[2].host: expected a host in lower case, without a port, as in `uploads.example.com`; or `*.` and an endpoint, as in `*.oss.example.com`, found \"127.0.0.1:80\"",
        ),
        ("127.0.0.1", "uploads.example.com", "hosts[2].host: expected a host that is listed once"),
        (
            "127.0.0.1\", \"style\": \"path\"",
            "d111111abcdef8.cloudfront.net\", \"style\": \"endpoint\", \"bucket\": \"fleet-uploads\"",
            "hosts[2].host: expected a host that is listed once: one of style \"endpoint\" stands for its `*.` as well",
        ),
        (
            "\"*.d111111abcdef8",
            "\"d111111abcdef8",
            "hosts[0].host: expected `*.` and the host that follows the bucket, in lower case and without a port, as in `*.oss.example.com`, found \"d111111abcdef8.cloudfront.net\"",
        ),
        (
            "\"fleet-uploads\": {",
            "\"Fleet\": {",
            "buckets.Fleet: expected a bucket name of 3 to 63 lower-case letters, digits and hyphens",
        ),
        (
            "fleet-uploads-prod",
            "fleet_uploads",
            "buckets.fleet-uploads.s3Bucket: expected an S3 bucket's name, as in `fleet-uploads`, found \"fleet_uploads\"",
        ),
        (
            "\"us-east-1\" }",
            "\"US\" }",
            "buckets.fleet-uploads.region: expected an AWS Region, as in `us-east-1`, found \"US\"",
        ),
        (
            "\"us-east-1\" }",
            "\"us-esat-1\" }",
            "buckets.fleet-uploads.region: expected an AWS Region, or one that `furtherRegions` lists, found \"us-esat-1\", did you mean \"us-east-1\"?",
        ),
        (
            "\"us-east-1\" }",
            "\"cn-north-1\" }",
            "buckets.fleet-uploads.region: expected a Region of AWS's partition `aws`, where CloudFront is, found \"cn-north-1\"",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"completeMultipartUpload\": \"S3\", \"signatureSchemes\": [\"v1-headers\"]",
            "completeMultipartUpload: expected one of \"api\", \"relay\", \"s3\", found \"S3\"",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"signatureSchemes\": [\"v1-headers\"]",
            "signatureSchemes[0]: expected one of \"v1-header\", \"v1-url\", \"v4-header\", \"v4-url\", found \"v1-headers\", did you mean \"v1-header\"?",
        ),
        (
            "\"style\": \"path\"",
            "\"style\": \"virtual-host\"",
            "hosts[2].style: expected one of \"virtual-hosted\", \"cname\", \"path\", \"endpoint\", found \"virtual-host\", did you mean \"virtual-hosted\"?",
        ),
        ("\"region\"", "\"Region\"", "buckets.fleet-uploads: unknown field `Region`, did you mean `region`?"),
        (
            "abc123.execute",
            "https://abc123.execute",
            "api.domain: expected a domain name in lower case, without a scheme, port or path, found \"https://abc123.execute-api.us-east-1.amazonaws.com\"",
        ),
        (
            "\"/prod\"",
            "\"prod\"",
            "api.path: expected a path as in `/prod`, or an empty string for none, found \"prod\"",
        ),
        (
            "\"/prod\"",
            "\"/prod/\"",
            "api.path: expected a path as in `/prod`, or an empty string for none, found \"/prod/\"",
        ),
        ("\"/prod\"", "null", "api.path: expected a path as in `/prod`, or an empty string for none, found null"),
        (
            "abc123.execute-api.us-east-1",
            "fleet-uploads-prod.s3.us-east-1",
            "api.domain: expected the API's domain name, not a bucket's",
        ),
        (
            "\"api\": {",
            "\"relay\": { \"domain\": \"relay.example.com\", \"path\": \"\" }, \"api\": {",
            "relay: expected either `api` or `relay`: the relay replaces the API",
        ),
        (
            "\"api\": { \"domain\": \"abc123.execute-api.us-east-1.amazonaws.com\"",
            "\"relay\": { \"domain\": \"fleet-uploads-prod.s3.us-east-1.amazonaws.com\"",
            "relay.domain: expected the relay's domain name, not a bucket's",
        ),
        (
            "\"api\": {",
            "\"completeMultipartUpload\": \"api\", \"relay\": {",
            "completeMultipartUpload: expected \"relay\" or \"s3\": there is a `relay` and no `api`",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"completeMultipartUpload\": \"relay\"",
            "completeMultipartUpload: expected \"api\" or \"s3\": there is no `relay`",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"bodiesWithoutLength\": \"relay\"",
            "bodiesWithoutLength: expected \"refuse\" where there is no `relay`: API Gateway and S3 take no such body",
        ),
        (
            "\"maxClockSkewSeconds\": 300",
            "\"bodiesWithoutLength\": \"s3\"",
            "bodiesWithoutLength: expected one of \"refuse\", \"relay\", found \"s3\"",
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
fn takes_a_relay_in_place_of_the_api() {
    let relay = SAMPLE.replacen("\"api\"", "\"relay\"", 1);
    let Some(Service::Api(endpoint)) = read(SAMPLE).unwrap().service else { panic!("no API") };
    let service = |text: &str| read(text).unwrap().service.unwrap();
    assert_eq!(service(&relay), Service::Relay(endpoint.clone(), BodiesWithoutLength::Refused));
    let relayed = relay.replacen("\"hosts\"", "\"bodiesWithoutLength\": \"relay\", \"hosts\"", 1);
    assert_eq!(service(&relayed), Service::Relay(endpoint, BodiesWithoutLength::Relayed));
    for (name, through) in [("relay", Through::Service), ("s3", Through::S3)] {
        let text = relay.replacen("\"hosts\"", &format!("\"completeMultipartUpload\": \"{name}\", \"hosts\""), 1);
        assert_eq!(read(&text).unwrap().complete_multipart_upload, through, "{name}");
    }
}

const ENTRANCE: &str = r#"{
    "entrance": "relay",
    "hosts": [{ "host": "uploads.internal.example.com", "style": "cname", "bucket": "fleet-uploads" }],
    "buckets": { "fleet-uploads": { "s3Bucket": "fleet-uploads-prod", "region": "us-east-1" } }
}"#;

#[test]
fn takes_a_relay_as_the_entrance() {
    let with = |fields: &str| read(&ENTRANCE.replacen("\"relay\"", &format!("\"relay\", {fields}"), 1));
    let service = |text: &str| read(text).unwrap().service.unwrap();
    assert_eq!(service(ENTRANCE), Service::Entrance(BodiesWithoutLength::Refused));
    assert_eq!(
        with(r#""bodiesWithoutLength": "relay""#).unwrap().service,
        Some(Service::Entrance(BodiesWithoutLength::Relayed))
    );
    for fields in [
        r#""completeMultipartUpload": "relay""#,
        r#""smallParts": "stage""#,
        r#""headObject": "served""#,
        r#""listener": {}"#,
    ] {
        assert!(with(fields).is_ok(), "{fields}");
    }
    assert!(matches!(
        service(&SAMPLE.replacen("\"hosts\"", "\"entrance\": \"cloudfront\", \"hosts\"", 1)),
        Service::Api(_)
    ));
}

#[test]
fn refuses_beside_an_entrance_what_would_mean_nothing() {
    let with = |fields: &str| read(&ENTRANCE.replacen("\"relay\"", &format!("\"relay\", {fields}"), 1)).err();
    for (fields, expected) in [
        (
            r#""api": { "domain": "a.example.com", "path": "" }"#,
            "api: expected none where `entrance` is \"relay\", which performs everything itself",
        ),
        (
            r#""relay": { "domain": "a.example.com", "path": "" }"#,
            "relay: expected none where `entrance` is \"relay\": no edge asks it, and clients know it by `hosts`",
        ),
        (
            r#""completeMultipartUpload": "s3""#,
            "completeMultipartUpload: expected \"relay\": it is the `entrance`, and performs everything itself",
        ),
        (
            r#""triggers": "origin-request""#,
            "triggers: expected none where `entrance` is \"relay\": no CloudFront is before it",
        ),
        (
            r#""completeMultipartUpload": "api""#,
            "completeMultipartUpload: expected \"relay\": it is the `entrance`, and performs everything itself",
        ),
    ] {
        assert_eq!(with(fields).as_deref(), Some(expected));
    }
    let relay = ENTRANCE.replacen("\"relay\"", "\"cloudfront\", \"listener\": {}", 1);
    assert_eq!(read(&relay).err().as_deref(), Some("listener: expected none unless `entrance` is \"relay\""));
    let other = ENTRANCE.replacen("\"relay\"", "\"vpc\"", 1);
    assert_eq!(
        read(&other).err().as_deref(),
        Some("entrance: expected one of \"cloudfront\", \"relay\", found \"vpc\"")
    );
}

#[test]
fn refuses_documents_of_another_shape() {
    for (text, expected) in [
        ("[]", "the document: expected an object"),
        ("null", "the document: expected an object, found null"),
        (r#"{"buckets":{},"hosts":[]}"#, "buckets: expected at least one bucket"),
        (
            r#"{"buckets":{"abc":{"s3Bucket":"abc","region":"us-east-1"}},"hosts":[]}"#,
            "hosts: expected at least one host",
        ),
        (r#"{"hosts":[],"hosts":[]}"#, "hosts: expected a name that appears once"),
    ] {
        assert_eq!(read(text).err().as_deref(), Some(expected));
    }
}
