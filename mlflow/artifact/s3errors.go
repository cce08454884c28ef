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
			return &mlflow.RefusedError{
				Call: call, All: true, Message: fmt.Sprintf("there are no credentials any more: %v", signing.Err), Fix: expiredFix,
			}
		}
		if sending, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
			err = sending.Err
		}
		return &mlflow.UnreachableError{URI: b.url(), Err: err}
	}
	refused := &mlflow.RefusedError{Call: call, Status: httpStatus(err), Code: api.ErrorCode(), Message: api.ErrorMessage()}
	refused.Fix, refused.All = b.advice(action, refused, regionIn(err))
	if passes(refused) {
		return &mlflow.UnreachableError{URI: b.url(), Err: busy{refused}}
	}
	return refused
}

// url is where the artifacts lie.
func (b *bucket) url() string { return "s3://" + path.Join(b.name, b.root) }

const expiredFix = "let this job renew them: role-to-assume, or credentials that outlive the training"

// advice says what to do about a refusal, and whether all other requests will be refused too. The codes are S3's:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
func (b *bucket) advice(action string, r *mlflow.RefusedError, region string) (fix string, all bool) {
	switch code := r.Code; {
	case strings.HasPrefix(code, "KMS.") || strings.Contains(r.Message, "kms:"):
		return fmt.Sprintf("allow kms:GenerateDataKey and kms:Decrypt on the key to %s, or name another one in "+
			"MLFLOW_S3_UPLOAD_EXTRA_ARGS", b.who()), true
	case code == "NoSuchBucket":
		return fmt.Sprintf("create the bucket %q, or correct the artifact location of the experiment", b.name), true
	case region != "":
		return "set aws-region: " + region, true
	case code == "PermanentRedirect" || code == "AuthorizationHeaderMalformed":
		return fmt.Sprintf("set aws-region to the region of the bucket %q", b.name), true
	case code == "ExpiredToken" || code == "ExpiredTokenException" || code == "RequestExpired" || code == "TokenRefreshRequired":
		return expiredFix, true
	case code == "RequestTimeTooSkewed":
		return "set the clock of this machine", true
	case code == "InvalidAccessKeyId" || code == "SignatureDoesNotMatch" || code == "InvalidToken" || code == "InvalidClientTokenId":
		return "the AWS credentials are none of this service's: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN", true
	case code == "AccessControlListNotSupported":
		return "take ACL out of MLFLOW_S3_UPLOAD_EXTRA_ARGS: the bucket takes none", true
	case code == "NotImplemented" || code == "XNotImplemented":
		return "a service that knows no checksums wants AWS_REQUEST_CHECKSUM_CALCULATION=when_required", false
	case code == "BadDigest" || code == "XAmzContentSHA256Mismatch":
		return "upload the file when nobody writes to it any more", false
	case r.Status == http.StatusForbidden:
		return fmt.Sprintf("allow %s on %s to %s", action, b.resource(action), b.who()), true
	}
	return "", false
}

// who the credentials stand for.
func (b *bucket) who() string { return cmp.Or(b.options.Identity, "whom these credentials belong to") }

// resource is what a policy must name to allow an action.
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

// passes says that the same request may pass later.
func passes(r *mlflow.RefusedError) bool {
	return r.Status >= http.StatusInternalServerError && r.Status != http.StatusNotImplemented ||
		r.Status == http.StatusTooManyRequests || r.Code == "SlowDown" || r.Code == "RequestTimeout"
}

// busy is an answer that another time would be another one.
type busy struct{ answer *mlflow.RefusedError }

func (b busy) Error() string { return b.answer.Error() }

// Hint says what to do.
func (b busy) Hint() string {
	return "repeat it later: what is in the bucket already is not sent again"
}

func httpStatus(err error) int {
	if resp, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		return resp.HTTPStatusCode()
	}
	return 0
}

var expecting = regexp.MustCompile(`expecting '([a-z0-9-]+)'`)

// regionIn returns the region of the bucket if S3 refused a request because it was meant for another one; else it is empty.
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
