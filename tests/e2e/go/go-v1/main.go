// The driver of github.com/aliyun/aliyun-oss-go-sdk.
package main

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"oss-edge/tests/e2e/go/driver"
)

func main() { driver.Main(sdk{}) }

type sdk struct{}

func (sdk) Run(c driver.Case) (driver.Result, error) {
	bucket, err := bucketOf(c)
	if err != nil {
		return driver.Result{}, err
	}
	switch c.Operation {
	case "putFile":
		return driver.Result{}, bucket.PutObjectFromFile(c.Key, c.File, optionsOf(c)...)
	case "putBytes":
		return putBytes(bucket, c)
	case "putStream":
		return putStream(bucket, c)
	case "parts":
		return parts(bucket, c)
	case "abort":
		return abort(bucket, c)
	case "upload":
		return upload(bucket, c)
	case "exists":
		exists, err := bucket.IsObjectExist(c.Key)
		return driver.Result{Exists: &exists}, err
	case "presign":
		url, err := bucket.SignURL(c.Key, oss.HTTPPut, 60)
		return driver.Result{URL: url}, err
	}
	return driver.Result{}, driver.Unsupported(c.Operation)
}

func (sdk) Describe(err error, found *driver.Error) {
	var answer oss.ServiceError
	if errors.As(err, &answer) {
		found.Status, found.Code, found.RequestID = answer.StatusCode, answer.Code, answer.RequestID
	}
}

func bucketOf(c driver.Case) (*oss.Bucket, error) {
	var options []oss.ClientOption
	if c.Cname {
		options = append(options, oss.UseCname(true))
	}
	if c.SecurityToken != "" {
		options = append(options, oss.SecurityToken(c.SecurityToken))
	}
	if c.Signature == "v4" {
		v4, err := signatureVersion4(c)
		if err != nil {
			return nil, err
		}
		options = append(options, v4...)
	}
	client, err := oss.New(c.Endpoint, c.AccessKeyID, c.AccessKeySecret, options...)
	if err != nil {
		return nil, err
	}
	return client.Bucket(c.Bucket)
}

func optionsOf(c driver.Case) []oss.Option {
	var options []oss.Option
	if c.ContentType != "" {
		options = append(options, oss.ContentType(c.ContentType))
	}
	for name, value := range c.Metadata {
		options = append(options, oss.Meta(name, value))
	}
	return options
}

func putBytes(bucket *oss.Bucket, c driver.Case) (driver.Result, error) {
	body, err := os.ReadFile(c.File)
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{}, bucket.PutObject(c.Key, bytes.NewReader(body), optionsOf(c)...)
}

func putStream(bucket *oss.Bucket, c driver.Case) (driver.Result, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return driver.Result{}, err
	}
	defer file.Close()
	// The SDK knows a file's length; of any other reader it doesn't.
	return driver.Result{}, bucket.PutObject(c.Key, struct{ io.Reader }{file}, optionsOf(c)...)
}

func parts(bucket *oss.Bucket, c driver.Case) (driver.Result, error) {
	chunks, err := oss.SplitFileByPartSize(c.File, c.PartSize)
	if err != nil {
		return driver.Result{}, err
	}
	begun, err := bucket.InitiateMultipartUpload(c.Key, optionsOf(c)...)
	if err != nil {
		return driver.Result{}, err
	}
	var done []oss.UploadPart
	for _, chunk := range chunks {
		part, err := bucket.UploadPartFromFile(begun, c.File, chunk.Offset, chunk.Size, chunk.Number)
		if err != nil {
			return driver.Result{}, err
		}
		done = append(done, part)
	}
	listed, err := bucket.ListUploadedParts(begun)
	if err != nil {
		return driver.Result{}, err
	}
	completed, err := bucket.CompleteMultipartUpload(begun, done)
	return driver.Result{ETag: completed.ETag, Parts: len(listed.UploadedParts)}, err
}

func abort(bucket *oss.Bucket, c driver.Case) (driver.Result, error) {
	begun, err := bucket.InitiateMultipartUpload(c.Key)
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{}, bucket.AbortMultipartUpload(begun)
}

// The SDK has no default part size: the caller names one.
func upload(bucket *oss.Bucket, c driver.Case) (driver.Result, error) {
	options := optionsOf(c)
	if c.Checkpoint != "" {
		options = append(options, oss.CheckpointDir(true, c.Checkpoint))
	}
	return driver.Result{}, bucket.UploadFile(c.Key, c.File, c.PartSize, options...)
}
