package artifact

import (
	"net/http"
	"strconv"

	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/mlflow"
)

const (
	expiredFix = "let this job renew them: role-to-assume, or credentials that outlive the training"
	repeatFix  = "repeat it later: files that are in the bucket already are not sent again"
	// otherRegion is the circumstance that S3 named the region of the bucket.
	otherRegion = "other region"
)

// advice is what to do about S3's answers. The codes are S3's:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
func advice() hint.Table {
	const key = "allow kms:GenerateDataKey and kms:Decrypt on the key to {who}, or name another one in MLFLOW_S3_UPLOAD_EXTRA_ARGS"
	return hint.Table{
		{Code: "KMS.*", Advice: key},
		{Words: "kms:", Advice: key},
		{Code: "NoSuchBucket", Advice: "create the bucket {bucket}, or correct the artifact location of the experiment"},
		{If: otherRegion, Advice: "set aws-region: {region}"},
		{Code: "PermanentRedirect AuthorizationHeaderMalformed", Advice: "set aws-region to the region of the bucket {bucket}"},
		{Code: "ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired", Advice: expiredFix},
		{Code: "RequestTimeTooSkewed", Advice: "correct the clock of this machine"},
		{Code: "InvalidAccessKeyId SignatureDoesNotMatch InvalidToken InvalidClientTokenId", Advice: "the AWS credentials are not valid for this " +
			"service: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"},
		{Code: "AccessControlListNotSupported", Advice: "remove ACL from MLFLOW_S3_UPLOAD_EXTRA_ARGS: the bucket does not allow it"},
		{Code: "NotImplemented XNotImplemented", Advice: "if the service does not support checksums, set AWS_REQUEST_CHECKSUM_CALCULATION=when_required"},
		{Code: "BadDigest XAmzContentSHA256Mismatch", Advice: "the file changed during the upload: upload it when no process writes to it"},
		{Status: http.StatusForbidden, Advice: "allow {action} on {resource} to {who}"},
	}
}

// concernsOneFile reports whether other requests may succeed although S3 answered this code.
func concernsOneFile(code string) bool {
	switch code {
	case "NotImplemented", "XNotImplemented", "BadDigest", "XAmzContentSHA256Mismatch":
		return true
	}
	return false
}

// advise returns what to do about a rejected request; empty if S3's message is enough.
func (b *bucket) advise(action string, r *mlflow.RejectedError, region string) string {
	answer := hint.Answer{Status: r.Status, Code: r.Code, Message: r.Message}
	if region != "" {
		answer.Is = []string{otherRegion}
	}
	return advice().Advice(answer, map[string]string{
		"action": action, "resource": b.resource(action), "bucket": strconv.Quote(b.name), "region": region, "who": b.who(),
	})
}
