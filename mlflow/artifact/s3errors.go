package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// explain turns an error of the SDK into one of ours. The action is the IAM action that was needed.
func (b *bucket) explain(ctx context.Context, action string, err error) error {
	if err == nil {
		return nil
	}
	call := fmt.Sprintf("%s in %q", action, b.url())
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", call, context.Cause(ctx))
	}
	if errors.Is(err, mlflow.ErrNotFound) || errors.Is(err, errShorter) || errors.As(err, new(*fs.PathError)) {
		return err
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		if signing, ok := errors.AsType[*v4.SigningError](err); ok {
			return hint.With(&mlflow.RejectedError{
				Call: call, All: true, Message: fmt.Sprintf("the credentials are no longer available: %v", signing.Err),
			}, expiredFix)
		}
		if sending, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
			err = sending.Err
		}
		return &mlflow.UnreachableError{URI: b.url(), Err: err}
	}
	rejected := &mlflow.RejectedError{Call: call, Status: httpStatus(err), Code: api.ErrorCode(), Message: api.ErrorMessage()}
	if isTemporary(rejected) {
		return &mlflow.UnreachableError{URI: b.url(), Err: hint.With(errors.New(rejected.Error()), repeatFix)}
	}
	text := b.advise(action, rejected, regionIn(err))
	rejected.All = text != "" && !concernsOneFile(rejected.Code)
	return hint.With(rejected, text)
}

// url returns the location of the artifacts.
func (b *bucket) url() string { return "s3://" + path.Join(b.name, b.root) }

// who returns the identity of the credentials, for messages.
func (b *bucket) who() string { return cmp.Or(b.options.Identity, "the owner of these credentials") }

// resource returns the ARN that a policy must name to allow an action.
func (b *bucket) resource(action string) string {
	partition := "aws"
	switch region := b.client.Load().Options().Region; {
	case strings.HasPrefix(region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		partition = "aws-us-gov"
	}
	if action == listAction {
		return fmt.Sprintf("arn:%s:s3:::%s", partition, b.name)
	}
	return fmt.Sprintf("arn:%s:s3:::%s", partition, strings.TrimSuffix(b.name+"/"+b.root, "/")+"/*")
}

// isTemporary reports whether the same request may succeed later.
func isTemporary(r *mlflow.RejectedError) bool {
	return r.Status >= http.StatusInternalServerError && r.Status != http.StatusNotImplemented ||
		r.Status == http.StatusTooManyRequests || r.Code == "SlowDown" || r.Code == "RequestTimeout"
}

func httpStatus(err error) int {
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return resp.HTTPStatusCode()
	}
	return 0
}

var expecting = regexp.MustCompile(`expecting '([a-z0-9-]+)'`)

// regionIn returns the region of the bucket if S3 rejected a request because the bucket is in another one; else it is empty.
func regionIn(err error) string {
	resp, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || resp.Response == nil {
		return ""
	}
	api, ok := errors.AsType[smithy.APIError](err)
	malformed := ok && api.ErrorCode() == "AuthorizationHeaderMalformed"
	if malformed {
		if m := expecting.FindStringSubmatch(api.ErrorMessage()); m != nil {
			return m[1]
		}
	}
	if malformed || resp.HTTPStatusCode()/100 == 3 {
		return resp.Response.Header.Get("X-Amz-Bucket-Region")
	}
	return ""
}
