package handlers

import (
	"fmt"
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// smallest is the number of bytes below which compressing costs more than it saves: such an answer fits into one packet anyway.
const smallest = 1024

// compressed answers in gzip where the client asks for it. The ETag of such an answer gets the suffix -gzip, because a strong ETag
// belongs to the bytes as sent (RFC 9110 §8.8.3.3); NotModified and IfMatch read it with and without.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(smallest), gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	return wrap(next), nil
}
