//go:build v4

package main

import (
	"github.com/aliyun/aliyun-oss-go-sdk/oss"

	"oss-edge/tests/e2e/go/driver"
)

func signatureVersion4(c driver.Case) ([]oss.ClientOption, error) {
	return []oss.ClientOption{oss.AuthVersion(oss.AuthV4), oss.Region(c.Region)}, nil
}
