package artifact

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
	"github.com/Iyalvan/mlops-track/mlflow"
)

// bucketBatch is an upload into a bucket. Files that are there already are not sent again, and a manifest lists what was sent.
type bucketBatch struct {
	bucket *bucket
	there  map[string]object // by path
	same   atomic.Int64

	mu   sync.Mutex
	sent manifest
}

// object is a file in the bucket.
type object struct {
	size int64
	etag string
}

// begin lists the bucket. Without permission for that, everything is sent.
func (b *bucket) begin(ctx context.Context) (batch, error) {
	s := &bucketBatch{bucket: b, there: map[string]object{}, sent: manifest{}}
	err := b.pages(ctx, "", "", func(page *s3.ListObjectsV2Output) {
		for _, o := range page.Contents {
			s.there[b.path(aws.ToString(o.Key))] = object{aws.ToInt64(o.Size), strings.Trim(aws.ToString(o.ETag), `"`)}
		}
	})
	if rejected, ok := errors.AsType[*mlflow.RejectedError](err); ok && rejected.Code == "AccessDenied" && rejected.Status == http.StatusForbidden {
		return s, nil
	}
	return s, err
}

func (s *bucketBatch) workers() int { return parallelFiles }
func (s *bucketBatch) skipped() int { return int(s.same.Load()) }

// Put sends a file, unless the bucket has it with the same content.
func (s *bucketBatch) Put(ctx context.Context, to string, from Source) error {
	content, err := s.compare(ctx, to, from)
	if err != nil {
		return err
	}
	if content.sha256 == "" {
		if content, err = s.bucket.put(ctx, to, from); err != nil {
			return err
		}
	} else {
		s.same.Add(1)
		from.tell(content.size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[to] = manifestEntry{Path: to, Size: content.size, SHA256: content.sha256}
	return nil
}

// onePut is the ETag of an object that came in one request and is not encrypted with a key of KMS: its MD5.
var onePut = regexp.MustCompile(`^[0-9a-f]{32}$`)

// compare returns the digest of a file that the bucket has with the same content, else an empty one.
func (s *bucketBatch) compare(ctx context.Context, to string, from Source) (digest, error) {
	there, ok := s.there[to]
	if !ok {
		return digest{}, nil
	}
	size, err := from.size()
	if err != nil || size != there.size {
		return digest{}, err
	}
	file, err := regularfile.Open(from.Path)
	if err != nil {
		return digest{}, err
	}
	defer file.Close()
	content, err := digestOf(ctx, file, onePut.MatchString(there.etag))
	if err != nil || content.size != size {
		return digest{}, err
	}
	if content.md5 != there.etag && content.crc32 != s.crc32(ctx, to) {
		return digest{}, nil
	}
	return content, nil
}

// crc32 returns the checksum that S3 has of a whole object, empty if it has none.
func (s *bucketBatch) crc32(ctx context.Context, name string) string {
	key := s.bucket.key(name)
	out, err := s.bucket.client.Load().HeadObject(ctx, &s3.HeadObjectInput{
		Bucket: &s.bucket.name, Key: &key, ChecksumMode: types.ChecksumModeEnabled, ExpectedBucketOwner: s.bucket.owner(),
	})
	if err != nil || out.ChecksumType == types.ChecksumTypeComposite || strings.Contains(aws.ToString(out.ChecksumCRC32), "-") {
		return ""
	}
	return aws.ToString(out.ChecksumCRC32)
}

// end writes the manifest.
func (s *bucketBatch) end(ctx context.Context) error {
	_, taken := s.sent[ManifestPath]
	if len(s.sent) == 0 || taken {
		return nil // nothing to write, or the user has a file of that name
	}
	_, old := s.there[ManifestPath]
	return s.bucket.writeManifest(ctx, s.sent, old)
}
