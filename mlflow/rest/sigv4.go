package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// ServiceGateway is API Gateway, for which MLFLOW_TRACKING_AWS_SIGV4 makes MLflow's client sign
// (https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html).
const ServiceGateway = "execute-api"

// Signing makes requests signed with AWS Signature Version 4, each attempt again
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). As in MLflow, the
// signature takes the place of any other credentials.
type Signing struct {
	Credentials aws.CredentialsProvider // nil: requests are not signed
	Region      string
	Service     string
	Now         func() time.Time // nil: time.Now
}

const (
	contentHash = "X-Amz-Content-Sha256"
	signedWith  = "AWS4-HMAC-SHA256 "
)

// keysError is the error of a request that could not be signed. Credentials may be available later.
type keysError struct{ error }

func (e keysError) Unwrap() error { return e.error }

// check returns an error if region or service is missing.
func (s Signing) check() error {
	if s.Credentials != nil && (s.Region == "" || s.Service == "") {
		return hint.With(&mlflow.RejectedError{
			Call: "sign requests to the tracking server", Message: fmt.Sprintf("no AWS region for the service %q", s.Service),
		}, "set aws-region or AWS_REGION to the region of the server")
	}
	return nil
}

// body signs a request whose body open gives. The body is hashed, whatever its length: only S3 is known to take
// UNSIGNED-PAYLOAD, SageMaker's own client hashes files too, and reading a file costs little beside sending it.
func (s Signing) body(req *http.Request, open func() (io.ReadCloser, error)) error {
	hash := sha256.New()
	if req.ContentLength > 0 {
		body, err := open()
		if err != nil {
			return err
		}
		defer body.Close()
		if _, err := io.Copy(hash, body); err != nil {
			return err
		}
	}
	req.Header.Set(contentHash, hex.EncodeToString(hash.Sum(nil)))
	return s.sign(req.Context(), req)
}

// sign signs a request as it stands, with the hash of its body in it.
func (s Signing) sign(ctx context.Context, req *http.Request) error {
	keys, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return keysError{err}
	}
	// What is not a letter, digit or one of -._~/ goes over the line quoted, so that all that quote it once more for the
	// signature, after decoding it or not, get the same.
	req.URL.RawPath = httpbinding.EscapePath(req.URL.Path, false)
	req.Header.Del("X-Amz-Security-Token")
	return v4.NewSigner().SignHTTP(ctx, keys, req, req.Header.Get(contentHash), s.Service, s.Region, s.now())
}

func (s Signing) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

// follow signs a request again for the address on the same origin that the server redirected it to.
func (s Signing) follow(req *http.Request) error {
	req.Host = ""
	return s.sign(req.Context(), req)
}

func isSigned(req *http.Request) bool {
	return strings.HasPrefix(req.Header.Get("Authorization"), signedWith)
}

// clockFix says how wrong the clock of this machine is, by the Date of the answer.
func (s Signing) clockFix(resp *http.Response) string {
	const fix = "correct it, for example with NTP; a signature is valid for 5 minutes"
	theirs, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return "the clock of this machine is wrong: " + fix
	}
	skew := s.now().Sub(theirs).Round(time.Second)
	if skew < 0 {
		return fmt.Sprintf("the clock of this machine is %s behind the server's: %s", -skew, fix)
	}
	return fmt.Sprintf("the clock of this machine is %s ahead of the server's: %s", skew, fix)
}

// awsErrorType returns the code of an error answer of AWS, without the address that may follow it.
func awsErrorType(resp *http.Response) string {
	code, _, _ := strings.Cut(resp.Header.Get("X-Amzn-Errortype"), ":")
	return code
}
