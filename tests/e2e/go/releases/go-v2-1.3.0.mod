module oss-edge/tests/e2e/go

go 1.19

require (
	github.com/aliyun/alibabacloud-oss-go-sdk-v2 v1.3.0
	golang.org/x/net v0.17.0
	golang.org/x/time v0.4.0 // indirect
)
