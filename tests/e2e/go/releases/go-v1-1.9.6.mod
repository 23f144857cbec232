module oss-edge/tests/e2e/go

go 1.19

require (
	github.com/aliyun/aliyun-oss-go-sdk v1.9.6
	golang.org/x/net v0.17.0
	golang.org/x/time v0.4.0 // indirect
)
