// The driver of github.com/aliyun/alibabacloud-oss-go-sdk-v2.
package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"

	"oss-edge/tests/e2e/go/driver"
)

func main() { driver.Main(sdk{}) }

type sdk struct{}

func (sdk) Run(c driver.Case) (driver.Result, error) {
	client := clientOf(c)
	switch c.Operation {
	case "putFile":
		put, err := client.PutObjectFromFile(context.TODO(), putRequest(c), c.File)
		if err != nil {
			return driver.Result{}, err
		}
		return driver.Result{ETag: oss.ToString(put.ETag)}, nil
	case "putBytes":
		return putBytes(client, c)
	case "putStream":
		return putStream(client, c)
	case "parts":
		return parts(client, c)
	case "abort":
		return abort(client, c)
	case "upload":
		return upload(client, c)
	case "exists":
		exists, err := client.IsObjectExist(context.TODO(), c.Bucket, c.Key)
		return driver.Result{Exists: &exists}, err
	case "presign":
		return presign(client, c)
	}
	return driver.Result{}, driver.Unsupported(c.Operation)
}

func (sdk) Describe(err error, found *driver.Error) {
	var answer *oss.ServiceError
	if errors.As(err, &answer) {
		found.Status, found.Code, found.RequestID = answer.StatusCode, answer.Code, answer.RequestID
	}
}

func clientOf(c driver.Case) *oss.Client {
	config := oss.LoadDefaultConfig().
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.AccessKeySecret, c.SecurityToken)).
		WithRegion(c.Region).
		WithEndpoint(c.Endpoint)
	if c.Cname {
		config = config.WithUseCName(true)
	}
	if c.Signature == "v1" {
		config = config.WithSignatureVersion(oss.SignatureVersionV1)
	}
	return oss.NewClient(config)
}

func putRequest(c driver.Case) *oss.PutObjectRequest {
	request := &oss.PutObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(c.Key), Metadata: c.Metadata}
	if c.ContentType != "" {
		request.ContentType = oss.Ptr(c.ContentType)
	}
	return request
}

func putBytes(client *oss.Client, c driver.Case) (driver.Result, error) {
	body, err := os.ReadFile(c.File)
	if err != nil {
		return driver.Result{}, err
	}
	return put(client, c, bytes.NewReader(body))
}

func putStream(client *oss.Client, c driver.Case) (driver.Result, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return driver.Result{}, err
	}
	defer file.Close()
	// The SDK knows a file's length; of any other reader it doesn't.
	return put(client, c, struct{ io.Reader }{file})
}

func put(client *oss.Client, c driver.Case, body io.Reader) (driver.Result, error) {
	request := putRequest(c)
	request.Body = body
	put, err := client.PutObject(context.TODO(), request)
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{ETag: oss.ToString(put.ETag)}, nil
}

func parts(client *oss.Client, c driver.Case) (driver.Result, error) {
	bucket, key := oss.Ptr(c.Bucket), oss.Ptr(c.Key)
	begin := &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: key, Metadata: c.Metadata}
	if c.ContentType != "" {
		begin.ContentType = oss.Ptr(c.ContentType)
	}
	begun, err := client.InitiateMultipartUpload(context.TODO(), begin)
	if err != nil {
		return driver.Result{}, err
	}
	done, err := uploadParts(client, c, begun.UploadId)
	if err != nil {
		return driver.Result{}, err
	}
	listed, err := client.ListParts(context.TODO(), &oss.ListPartsRequest{
		Bucket: bucket, Key: key, UploadId: begun.UploadId,
	})
	if err != nil {
		return driver.Result{}, err
	}
	completed, err := client.CompleteMultipartUpload(context.TODO(), &oss.CompleteMultipartUploadRequest{
		Bucket: bucket, Key: key, UploadId: begun.UploadId,
		CompleteMultipartUpload: &oss.CompleteMultipartUpload{Parts: done},
	})
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{ETag: oss.ToString(completed.ETag), Parts: len(listed.Parts)}, nil
}

func uploadParts(client *oss.Client, c driver.Case, uploadID *string) ([]oss.UploadPart, error) {
	file, err := os.Open(c.File)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var done []oss.UploadPart
	for offset := int64(0); offset < info.Size(); offset += c.PartSize {
		number := int32(len(done) + 1)
		part, err := client.UploadPart(context.TODO(), &oss.UploadPartRequest{
			Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(c.Key), UploadId: uploadID, PartNumber: number,
			Body: io.NewSectionReader(file, offset, min(c.PartSize, info.Size()-offset)),
		})
		if err != nil {
			return nil, err
		}
		done = append(done, oss.UploadPart{PartNumber: number, ETag: part.ETag})
	}
	return done, nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func abort(client *oss.Client, c driver.Case) (driver.Result, error) {
	bucket, key := oss.Ptr(c.Bucket), oss.Ptr(c.Key)
	begin := &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: key}
	begun, err := client.InitiateMultipartUpload(context.TODO(), begin)
	if err != nil {
		return driver.Result{}, err
	}
	_, err = client.AbortMultipartUpload(context.TODO(), &oss.AbortMultipartUploadRequest{
		Bucket: bucket, Key: key, UploadId: begun.UploadId,
	})
	return driver.Result{}, err
}

func upload(client *oss.Client, c driver.Case) (driver.Result, error) {
	uploader := oss.NewUploader(client, func(options *oss.UploaderOptions) {
		if c.PartSize != 0 {
			options.PartSize = c.PartSize
		}
		if c.Checkpoint != "" {
			options.EnableCheckpoint, options.CheckpointDir, options.ParallelNum = true, c.Checkpoint, 1
		}
	})
	uploaded, err := uploader.UploadFile(context.TODO(), putRequest(c), c.File)
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{ETag: oss.ToString(uploaded.ETag)}, nil
}

func presign(client *oss.Client, c driver.Case) (driver.Result, error) {
	signed, err := client.Presign(context.TODO(), putRequest(c), oss.PresignExpires(time.Minute))
	if err != nil {
		return driver.Result{}, err
	}
	return driver.Result{URL: signed.URL}, nil
}
