package artifact

import (
	"context"
	"crypto/md5" //nolint:gosec // what S3 computes of an object
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
)

// digest is what tells a file's content apart.
type digest struct {
	size   int64
	sha256 string // hexadecimal
	crc32  string // base64, as S3 writes it
	md5    string // hexadecimal, as S3 writes it; only where it was asked for
}

// digestOf reads content once.
func digestOf(ctx context.Context, content io.Reader, withMD5 bool) (digest, error) {
	long, short := sha256.New(), crc32.NewIEEE()
	sums := []io.Writer{long, short}
	var old hash.Hash
	if withMD5 {
		old = md5.New() //nolint:gosec // see above
		sums = append(sums, old)
	}
	size, err := copyPieces(ctx, io.MultiWriter(sums...), content)
	if err != nil {
		return digest{}, err
	}
	d := digest{
		size: size, sha256: hex.EncodeToString(long.Sum(nil)),
		crc32: base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, short.Sum32())),
	}
	if withMD5 {
		d.md5 = hex.EncodeToString(old.Sum(nil))
	}
	return d, nil
}
