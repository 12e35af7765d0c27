package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"path"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"roster/models/store"
)

// Bucket says where a bucket is.
type Bucket struct {
	// Endpoint is host:port, spoken to over TLS unless Plain.
	Endpoint string
	Plain    bool
	Region   string
	Name     string
	// Prefix comes before every key in the bucket, with a slash between; "" for nothing.
	Prefix string
	// AccessKey, SecretKey and SessionToken are credentials; the last is "" where they last.
	AccessKey, SecretKey, SessionToken string
}

// bucket keeps bytes as objects of a bucket.
type bucket struct {
	client       *minio.Client
	name, prefix string
}

// What one exchange with a bucket may take before it is tried again, and how often it is.
const (
	exchangeTime = 10 * time.Second
	tries        = 3
)

// InBucket returns the store in a bucket. It does not look whether the bucket is there: a bucket that is down for a while keeps nobody from
// starting.
func InBucket(b Bucket) (Store, error) {
	transport, err := minio.DefaultTransport(!b.Plain)
	if err != nil {
		return nil, fmt.Errorf("set up the bucket of files: %w", err)
	}
	transport.ResponseHeaderTimeout = exchangeTime
	client, err := minio.New(b.Endpoint, &minio.Options{
		Creds:  credentials.NewStaticV4(b.AccessKey, b.SecretKey, b.SessionToken),
		Secure: !b.Plain, Region: b.Region, BucketLookup: minio.BucketLookupPath, Transport: transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("set up the bucket of files: %w", err)
	}
	return bucket{client, b.Name, b.Prefix}, nil
}

// answered returns an error of the library, which is none of the database, with the status and the code of the answer, which it leaves
// out of what it says.
func answered(err error) error {
	if answer := minio.ToErrorResponse(err); answer.StatusCode != 0 {
		err = fmt.Errorf("%d %s: %w", answer.StatusCode, answer.Code, err)
	}
	return store.Elsewhere(err)
}

func (b bucket) at(key string) string { return path.Join(b.prefix, key) }

func (b bucket) Put(ctx context.Context, key string, content []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := b.client.PutObject(ctx, b.name, b.at(key), bytes.NewReader(content), int64(len(content)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true})
	if err != nil {
		return unavailable("put", key, answered(err))
	}
	return nil
}

func (b bucket) Get(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	object, err := b.client.GetObject(ctx, b.name, b.at(key), minio.GetObjectOptions{})
	if err == nil {
		defer func() { _ = object.Close() }() // it was only read
		var content []byte
		if content, err = io.ReadAll(object); err == nil {
			return content, nil
		}
	}
	if answer := minio.ToErrorResponse(err); answer.StatusCode == http.StatusNotFound && answer.Code == minio.NoSuchKey {
		return nil, ErrNotThere
	}
	return nil, unavailable("get", key, answered(err))
}

func (b bucket) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := b.client.RemoveObject(ctx, b.name, b.at(key), minio.RemoveObjectOptions{}); err != nil {
		return unavailable("delete", key, answered(err))
	}
	return nil
}
