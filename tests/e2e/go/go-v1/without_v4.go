//go:build !v4

package main

import (
	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"oss-edge/tests/e2e/go/driver"
)

func signatureVersion4(driver.Case) ([]oss.ClientOption, error) {
	return nil, driver.Unsupported("signature version 4")
}
