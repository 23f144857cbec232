// Package driver has an OSS SDK run cases: one JSON line of standard input each, answered by one line of standard
// output.
package driver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Case is what a device does. Fields that are empty leave the SDK to its own defaults.
type Case struct {
	ID              string            `json:"id"`
	Operation       string            `json:"operation"`
	Endpoint        string            `json:"endpoint"`
	Cname           bool              `json:"cname"`
	Signature       string            `json:"signature"`
	Region          string            `json:"region"`
	AccessKeyID     string            `json:"accessKeyId"`
	AccessKeySecret string            `json:"accessKeySecret"`
	SecurityToken   string            `json:"securityToken"`
	Bucket          string            `json:"bucket"`
	Key             string            `json:"key"`
	File            string            `json:"file"`
	PartSize        int64             `json:"partSize"`
	Checkpoint      string            `json:"checkpoint"`
	ContentType     string            `json:"contentType"`
	Metadata        map[string]string `json:"metadata"`
}

// Result of a case: what the SDK gave back, or its error.
type Result struct {
	ID          string `json:"id"`
	ETag        string `json:"etag,omitempty"`
	URL         string `json:"url,omitempty"`
	Parts       int    `json:"parts,omitempty"`
	Exists      *bool  `json:"exists,omitempty"`
	Unsupported string `json:"unsupported,omitempty"`
	Error       *Error `json:"error,omitempty"`
}

// Error is what the SDK raised; without a status and a code it isn't an answer of OSS.
type Error struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Status    int    `json:"status,omitempty"`
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestId,omitempty"`
}

// Unsupported is the error of a case for which an SDK has nothing.
type Unsupported string

func (reason Unsupported) Error() string { return string(reason) }

// SDK of one release.
type SDK interface {
	Run(Case) (Result, error)
	// Describe fills in what the SDK's own error type tells.
	Describe(error, *Error)
}

// Main runs the cases of standard input, one after the other, until it ends.
func Main(sdk SDK) {
	resolveNamesToThisMachine()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c Case
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(answer(sdk, c)); err != nil {
			os.Exit(1)
		}
	}
}

func answer(sdk SDK, c Case) Result {
	result, err := sdk.Run(c)
	result.ID = c.ID
	if reason, ok := err.(Unsupported); ok {
		result.Unsupported = string(reason)
	} else if err != nil {
		result.Error = &Error{Type: fmt.Sprintf("%T", err), Message: err.Error()}
		sdk.Describe(err, result.Error)
	}
	return result
}
