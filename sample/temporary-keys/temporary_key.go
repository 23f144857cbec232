// A temporary key for a device, as a maker's token server answers in the place of AssumeRole.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"time"
)

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// TemporaryKey has the fields of the credentials that AssumeRole answers.
type TemporaryKey struct {
	AccessKeyId, AccessKeySecret, SecurityToken, Expiration string
}

// NewTemporaryKey derives a key for a device, whose id has 1 to 64 of A-Z a-z 0-9 _ -.
func NewTemporaryKey(master, masterSecret, device string, expires time.Time) TemporaryKey {
	id := fmt.Sprintf("OE1.%s.%s.e%d", master, device, expires.Unix())
	mac := hmac.New(sha256.New, []byte(masterSecret))
	mac.Write([]byte("oss-edge/v1" + id))
	number, base, digit := new(big.Int).SetBytes(mac.Sum(nil)), big.NewInt(62), new(big.Int)
	secret := make([]byte, 30)
	for place := len(secret) - 1; place >= 0; place-- {
		number.DivMod(number, base, digit)
		secret[place] = digits[digit.Int64()]
	}
	return TemporaryKey{id, string(secret), id, expires.UTC().Format("2006-01-02T15:04:05Z")}
}

func main() {
	expires, err := strconv.ParseInt(os.Args[3], 10, 64)
	if err != nil {
		panic(err)
	}
	key := NewTemporaryKey(os.Args[1], os.Getenv("MASTER_SECRET"), os.Args[2], time.Unix(expires, 0))
	if err := json.NewEncoder(os.Stdout).Encode(key); err != nil {
		panic(err)
	}
}
