package artifact

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// uploadArgs is what every upload carries besides the file, for a small file and for a large one.
type uploadArgs struct {
	small s3.PutObjectInput
	large transfermanager.UploadObjectInput
}

// knownUploadArgs are the names that boto3 takes for an upload (S3Transfer.ALLOWED_UPLOAD_ARGS), without the checksums of
// one certain file. The SDK's fields have the same names.
func knownUploadArgs() []string {
	return []string{
		"ACL", "CacheControl", "ChecksumAlgorithm", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType",
		"ExpectedBucketOwner", "Expires", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "Metadata",
		"ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate", "RequestPayer", "SSECustomerAlgorithm",
		"SSECustomerKey", "SSEKMSEncryptionContext", "SSEKMSKeyId", "ServerSideEncryption", "StorageClass", "Tagging",
		"WebsiteRedirectLocation",
	}
}

// parseUploadArgs reads the JSON object of MLFLOW_S3_UPLOAD_EXTRA_ARGS; empty is none.
func parseUploadArgs(text string) (uploadArgs, error) {
	var args uploadArgs
	if strings.TrimSpace(text) == "" {
		return args, nil
	}
	fault := func(format string, a ...any) (uploadArgs, error) { // the value may hold a key
		return uploadArgs{}, fmt.Errorf("MLFLOW_S3_UPLOAD_EXTRA_ARGS: "+format, a...)
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return fault("it is not a JSON object: %w", err)
	}
	known := knownUploadArgs()
	for name, value := range given {
		if !slices.Contains(known, name) {
			return fault("%q is not supported; supported are %s", name, strings.Join(known, ", "))
		}
		one, err := json.Marshal(map[string]json.RawMessage{name: value})
		if err != nil {
			return fault("%q: %w", name, err)
		}
		for _, into := range []any{&args.small, &args.large} {
			if err := json.Unmarshal(one, into); err != nil {
				return fault("%q has the wrong type; most must be a string, Metadata an object of strings, "+
					"dates such as 2030-01-31T00:00:00Z", name)
			}
		}
	}
	args.encodeKey()
	return args, nil
}

// encodeKey writes a customer's key as S3 wants it; boto3 takes it plain.
func (a *uploadArgs) encodeKey() {
	plain := a.small.SSECustomerKey
	if plain == nil {
		return
	}
	sum := md5.Sum([]byte(*plain)) //nolint:gosec // what S3 asks for
	key, check := base64.StdEncoding.EncodeToString([]byte(*plain)), base64.StdEncoding.EncodeToString(sum[:])
	a.small.SSECustomerKey, a.small.SSECustomerKeyMD5 = aws.String(key), aws.String(check)
	a.large.SSECustomerKey, a.large.SSECustomerKeyMD5 = aws.String(key), aws.String(check)
}
