package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/Iyalvan/mlops-track/internal/regularfile"
)

const (
	// largeFile is the size from which a file is sent in parts, several at a time, and no other such file with it: parts are
	// held in memory, smaller files are not.
	largeFile   = 32 << 20
	largePart   = 8 << 20
	partsAtOnce = 12
	// abortTime is for removing the parts of an upload that failed, for which S3 would charge.
	abortTime = 10 * time.Second
)

// Put implements Repo.
func (b *bucket) Put(ctx context.Context, to string, from Source) error {
	_, err := b.put(ctx, to, from)
	return err
}

// put returns size and SHA-256 of what was sent.
func (b *bucket) put(ctx context.Context, to string, from Source) (digest, error) {
	if err := checkPath(to); err != nil {
		return digest{}, err
	}
	size, err := from.size()
	if err != nil {
		return digest{}, err
	}
	if size >= largeFile {
		return b.putLarge(ctx, to, from, size)
	}
	file, err := regularfile.Open(from.Path)
	if err != nil {
		return digest{}, err
	}
	defer file.Close()
	content, err := digestOf(ctx, file, false)
	if err != nil {
		return digest{}, err
	}
	return content, b.putSmall(ctx, to, file, content, from.tell)
}

// putSmall sends a file in one request, straight from the disk. Signature and checksum come from the reading before, so S3
// refuses a file that changed meanwhile. Nothing is sent in trailers, which old services do not know.
func (b *bucket) putSmall(ctx context.Context, to string, file io.ReaderAt, content digest, tell func(int64)) error {
	key := b.key(to)
	return b.do(ctx, "s3:PutObject", func(client *s3.Client) error {
		in := b.args.small
		in.Bucket, in.Key, in.ContentLength = &b.name, &key, &content.size
		in.ContentType, in.ContentEncoding = b.kind(to, in.ContentType, in.ContentEncoding)
		if in.ExpectedBucketOwner == nil {
			in.ExpectedBucketOwner = b.owner()
		}
		if in.ChecksumAlgorithm == "" && checksums(client) {
			in.ChecksumCRC32 = &content.crc32
		}
		in.Body = &rewindable{SectionReader: io.NewSectionReader(file, 0, content.size), tell: tell}
		_, err := client.PutObject(ctx, &in, func(o *s3.Options) {
			o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
				return stack.Initialize.Add(payloadHash(content.sha256), middleware.Before)
			})
		})
		return err
	})
}

// payloadHash gives the signature a SHA-256 that is known already.
func payloadHash(sum string) middleware.InitializeMiddleware {
	return middleware.InitializeMiddlewareFunc("KnownPayloadHash", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(v4.SetPayloadHash(ctx, sum), in)
	})
}

// putLarge sends a file in parts, and computes the digest beside that: on the way it would hold up the parts. A file that
// changes meanwhile is an error, as the digest would not be that of what was sent.
func (b *bucket) putLarge(ctx context.Context, to string, from Source, size int64) (digest, error) {
	select {
	case b.large <- struct{}{}:
		defer func() { <-b.large }()
	case <-ctx.Done():
		return digest{}, context.Cause(ctx)
	}
	key := b.key(to)
	open := from.section(0, size)
	before, err := os.Stat(from.Path)
	if err != nil {
		return digest{}, err
	}
	hashing, stop := context.WithCancel(ctx)
	defer stop()
	sum := make(chan hashed, 1)
	go func() { sum <- hashOf(hashing, from.Path) }()
	err = b.do(ctx, "s3:PutObject", func(client *s3.Client) error {
		file, err := open()
		if err != nil {
			return err
		}
		defer file.Close()
		in := b.args.large
		in.Bucket, in.Key, in.ContentLength, in.Body = &b.name, &key, &size, file
		in.ContentType, in.ContentEncoding = b.kind(to, in.ContentType, in.ContentEncoding)
		if in.ExpectedBucketOwner == nil {
			in.ExpectedBucketOwner = b.owner()
		}
		if in.ChecksumAlgorithm == "" && checksums(client) {
			in.ChecksumAlgorithm, in.ChecksumType = types.ChecksumAlgorithmCrc32, types.ChecksumTypeFullObject
		}
		_, err = transfermanager.New(client, func(o *transfermanager.Options) {
			o.PartSizeBytes, o.MultipartUploadThreshold = largePart, largePart
			o.Concurrency = partsAtOnce
			o.FailTimeout = abortTime
			o.RequestChecksumCalculation = client.Options().RequestChecksumCalculation
		}).UploadObject(ctx, &in)
		return err
	})
	if err != nil {
		return digest{}, err
	}
	content := <-sum
	if content.err != nil {
		return digest{}, content.err
	}
	if after, err := os.Stat(from.Path); err != nil || after.Size() != size || !after.ModTime().Equal(before.ModTime()) {
		return digest{}, errors.Join(fmt.Errorf("%q changed while it was sent", from.Path), err)
	}
	return digest{size: size, sha256: content.sha256}, nil
}

// hashed is the SHA-256 of a file, hexadecimal.
type hashed struct {
	sha256 string
	err    error
}

func hashOf(ctx context.Context, path string) hashed {
	file, err := regularfile.Open(path)
	if err != nil {
		return hashed{err: err}
	}
	defer file.Close()
	sum := sha256.New()
	_, err = copyPieces(ctx, sum, file)
	return hashed{hex.EncodeToString(sum.Sum(nil)), err}
}

// checksums says whether S3 is to check what it gets; AWS_REQUEST_CHECKSUM_CALCULATION=when_required is for services that
// cannot.
func checksums(client *s3.Client) bool {
	return client.Options().RequestChecksumCalculation != aws.RequestChecksumCalculationWhenRequired
}

// kind is the content type and encoding of a file, where they are not given.
func (b *bucket) kind(name string, givenType, givenEncoding *string) (contentType, contentEncoding *string) {
	guessed, encoding := b.types.guess(name)
	if givenType == nil && guessed != "" {
		givenType = &guessed
	}
	if givenEncoding == nil && encoding != "" {
		givenEncoding = &encoding
	}
	return givenType, givenEncoding
}
