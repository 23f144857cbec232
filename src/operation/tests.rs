use super::*;
use crate::upload_id::unsealed_upload;

fn classify(method: &str, query: &str) -> Result<Operation, Refusal> {
    let key = ObjectKey::new("key".to_owned()).unwrap();
    let served = ServedOperations { refused_operations: &Operation::READING, ..ServedOperations::default() };
    Operation::classify(method, Some(&key), &Query::parse(query).unwrap(), served)
}

fn classify_with_reading(method: &str, query: &str) -> Result<Operation, Refusal> {
    let key = ObjectKey::new("key".to_owned()).unwrap();
    Operation::classify(method, Some(&key), &Query::parse(query).unwrap(), ServedOperations::default())
}

#[test]
fn asks_s3_for_an_object_without_a_parameter() {
    for (method, query) in [("HEAD", ""), ("HEAD", "objectMeta"), ("GET", "objectMeta=")] {
        let operation = classify_with_reading(method, query).unwrap();
        assert_eq!(operation.s3_query(&Query::parse(query).unwrap(), None), "", "{method} {query}");
    }
}

#[test]
fn knows_the_operations() {
    for (method, query, operation, s3_query) in [
        ("PUT", "", Operation::PutObject, ""),
        ("POST", "uploads", Operation::InitiateMultipartUpload, "uploads"),
        ("POST", "uploads=&encoding-type=url", Operation::InitiateMultipartUpload, "uploads"),
        ("POST", "sequential&uploads", Operation::InitiateMultipartUpload, "uploads"),
        ("PUT", "uploadId=a+b%2F&partNumber=10000", Operation::UploadPart, "partNumber=10000&uploadId=a%2Bb%2F"),
        ("POST", "uploadId=id", Operation::CompleteMultipartUpload, "uploadId=id"),
        ("POST", "encoding-type=url&uploadId=id", Operation::CompleteMultipartUpload, "uploadId=id"),
        ("DELETE", "uploadId=id", Operation::AbortMultipartUpload, "uploadId=id"),
        ("GET", "uploadId=id", Operation::ListParts, "uploadId=id"),
        ("GET", "part-number-marker=&max-parts=1000&uploadId=id", Operation::ListParts, "uploadId=id&max-parts=1000"),
        (
            "GET",
            "encoding-type=url&part-number-marker=0&uploadId=id",
            Operation::ListParts,
            "uploadId=id&part-number-marker=0",
        ),
    ] {
        assert_eq!(classify(method, query), Ok(operation), "{method} {query}");
        let query = Query::parse(query).unwrap();
        let upload = query.get("uploadId").map(|upload_id| unsealed_upload(upload_id).unwrap());
        assert_eq!(operation.s3_query(&query, upload.as_ref()), s3_query);
        assert_eq!(operation.names_upload(), upload.is_some());
    }
}

#[test]
fn refuses_every_other_operation_of_oss() {
    for (method, query) in [
        ("GET", ""),
        ("HEAD", ""),
        ("DELETE", ""),
        ("POST", ""),
        ("OPTIONS", ""),
        ("put", ""),
        ("", ""),
        ("GET", "uploads"),
        ("GET", "acl"),
        ("GET", "max-parts=1"),
        ("HEAD", "uploadId=id"),
        ("HEAD", "objectMeta"),
        ("GET", "objectMeta"),
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("PUT", "symlink"),
        ("POST", "append&position=0"),
        ("POST", "delete"),
        ("DELETE", "tagging"),
        ("POST", "restore"),
        ("PUT", "x-oss-process=a"),
        ("POST", "x-oss-process"),
        ("PATCH", "uploadId=id"),
    ] {
        assert_eq!(classify(method, query), Err(Refusal::MethodNotAllowed), "{method} {query}");
    }
}

#[test]
fn knows_what_asks_whether_an_object_is_there_once_it_is_served() {
    for (method, query, operation) in [
        ("HEAD", "", Operation::HeadObject),
        ("HEAD", "OSSAccessKeyId=a&Expires=1&Signature=b", Operation::HeadObject),
        ("HEAD", "objectMeta", Operation::GetObjectMeta),
        ("GET", "objectMeta=", Operation::GetObjectMeta),
        ("GET", "uploadId=id", Operation::ListParts),
    ] {
        assert_eq!(classify_with_reading(method, query), Ok(operation), "{method} {query}");
    }
    for (method, query) in [("GET", ""), ("GET", "acl"), ("HEAD", "versionId=1"), ("DELETE", ""), ("OPTIONS", "")] {
        assert_eq!(classify_with_reading(method, query), Err(Refusal::MethodNotAllowed), "{method} {query}");
    }
    for (method, query, name) in [
        ("HEAD", "uploadId=id", "uploadId"),
        ("GET", "objectMeta&uploadId=id", "objectMeta"),
        ("HEAD", "objectMeta=1", "objectMeta"),
        ("HEAD", "t=1", "t"),
        ("PUT", "objectMeta", "objectMeta"),
    ] {
        let refused = Err(Refusal::UnexpectedParameter(name.into()));
        assert_eq!(classify_with_reading(method, query), refused, "{method} {query}");
    }
}

#[test]
fn reads_only_what_a_rule_names() {
    for reading in Operation::READING {
        assert!(!reading.is_covered_by(None));
        assert!(!reading.is_covered_by(Some(&[Operation::PutObject, Operation::ListParts])));
        assert!(reading.is_covered_by(Some(&[Operation::HeadObject])));
    }
    assert!(Operation::PutObject.is_covered_by(None));
    assert!(!Operation::PutObject.is_covered_by(Some(&[Operation::HeadObject])));
}

#[test]
fn refuses_the_bucket_itself() {
    for (method, query) in [("PUT", ""), ("POST", "uploads"), ("GET", "")] {
        let refused = Operation::classify(method, None, &Query::parse(query).unwrap(), ServedOperations::default());
        assert_eq!(refused, Err(Refusal::MethodNotAllowed), "{method} {query}");
    }
}

#[test]
fn refuses_ambiguous_and_foreign_parameters_by_name() {
    for (method, query, name) in [
        ("POST", "uploads&uploadId=id", "uploads"),
        ("PUT", "partNumber=1", "partNumber"),
        ("PUT", "uploadId=id", "uploadId"),
        ("PUT", "uploads", "uploads"),
        ("POST", "partNumber=1&uploadId=id", "partNumber"),
        ("DELETE", "partNumber=1&uploadId=id", "partNumber"),
        ("DELETE", "uploads", "uploads"),
        ("PUT", "encoding-type=url", "encoding-type"),
        ("PUT", "X-Amz-Signature=a", "X-Amz-Signature"),
        ("PUT", "acl&foo", "foo"),
        ("PUT", "partNumber=1&uploadId=", "uploadId"),
        ("POST", "uploads=yes", "uploads"),
        ("PUT", "PartNumber=1&uploadId=id", "PartNumber"),
        ("GET", "uploadId=id&uploads", "uploadId"),
        ("POST", "max-parts=1&uploadId=id", "max-parts"),
        ("GET", "uploadId=id&prefix=a", "prefix"),
    ] {
        assert_eq!(classify(method, query), Err(Refusal::UnexpectedParameter(name.into())), "{method} {query}");
    }
}

#[test]
fn ignores_a_parameter_that_means_nothing() {
    for query in ["t=1764000000", "_=1&rand=2", "v=1.0&nonce=a%26b"] {
        assert_eq!(classify("PUT", query), Ok(Operation::PutObject), "{query}");
    }
    assert_eq!(Operation::PutObject.s3_query(&Query::parse("t=1764000000").unwrap(), None), "");
    for (method, query) in [
        ("PUT", "partNumber=1&uploadId=id&t=1"),
        ("POST", "uploads&t=1"),
        ("PUT", "UploadID=id"),
        ("PUT", "signature=a"),
        ("PUT", "Security-Token=a"),
        ("PUT", "ACL"),
        ("PUT", "x-amz-acl=public-read"),
        ("PUT", "X-Oss-Other"),
        ("PUT", "t%3DSignature=a"),
        ("PUT", "t=1&Uploads"),
        ("PUT", "t"),
        ("PUT", "t="),
        ("PUT", "t=1&retention"),
        ("PUT", "legalHold"),
    ] {
        assert!(classify(method, query).is_err(), "{method} {query}");
    }
}

#[test]
fn takes_a_part_number_in_one_spelling() {
    for value in ["0", "10001", "-1", "+1", "01", "1.0", "1e3", "", "%20", "99999999999999999999"] {
        let refused = classify("PUT", &format!("partNumber={value}&uploadId=id"));
        assert!(matches!(refused, Err(Refusal::InvalidPartNumber(_))), "{value}");
    }
    assert!(matches!(classify("POST", "uploads&encoding-type=base64"), Err(Refusal::InvalidEncodingType(_))));
}

#[test]
fn takes_a_page_of_parts_in_one_spelling() {
    for (name, value) in [
        ("max-parts", "0"),
        ("max-parts", "1001"),
        ("max-parts", "01"),
        ("max-parts", "ten"),
        ("part-number-marker", "10001"),
        ("part-number-marker", "00"),
        ("part-number-marker", "-1"),
    ] {
        let refused = classify("GET", &format!("uploadId=id&{name}={value}"));
        assert_eq!(refused, Err(Refusal::InvalidQueryValue(name, value.into())));
    }
}
