package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// smallest is the number of bytes below which compressing costs more than it saves: such an answer fits into one packet anyway.
const smallest = 1024

// compressible reports whether an answer of a media type becomes smaller. Pictures are compressed already.
func compressible(mediaType string) bool {
	return !strings.HasPrefix(mediaType, "image/") && gzhttp.DefaultContentTypeFilter(mediaType)
}

// compressed answers in gzip where the client asks for it. The ETag of such an answer gets the suffix -gzip, because a strong ETag
// belongs to the bytes as sent (RFC 9110 §8.8.3.3); entity tags are read with it and without.
func compressed(next http.Handler) (http.Handler, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(smallest), gzhttp.SuffixETag(gzipSuffix), gzhttp.EnableZstd(false),
		gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		return nil, fmt.Errorf("set up compression: %w", err)
	}
	zipped := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			// The wrapper never compresses the answer to HEAD, which must have the header of the answer to GET (RFC 9110 §9.3.2).
			// net/http still knows what was asked for and sends no body.
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		zipped.ServeHTTP(w, r)
	}), nil
}
