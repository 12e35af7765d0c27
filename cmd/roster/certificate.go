package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// cipherSuites are those of TLS 1.2 that have forward secrecy and authenticated encryption: no CBC. Those of TLS 1.3 all do.
var cipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// keyPair returns the certificate that is served, or nil for plain HTTP.
func (c *config) keyPair(logger *slog.Logger) (*keyPair, error) {
	if c.tlsCert == "" {
		return nil, nil
	}
	pair := &keyPair{certFile: c.tlsCert, keyFile: c.tlsKey, logger: logger}
	if err := pair.load(); err != nil {
		return nil, usageError{fmt.Errorf("--tls-cert (ROSTER_TLS_CERT) %q and --tls-key (ROSTER_TLS_KEY) %q cannot be used: %w",
			c.tlsCert, c.tlsKey, err)}
	}
	return pair, nil
}

// config returns the configuration of TLS, nil for plain HTTP.
func (p *keyPair) config() *tls.Config {
	if p == nil {
		return nil
	}
	return &tls.Config{GetCertificate: p.get, MinVersion: tls.VersionTLS12, CipherSuites: cipherSuites}
}

// keyPair is a certificate with its key that is renewed in its files while it is served.
type keyPair struct {
	certFile, keyFile string
	logger            *slog.Logger

	current atomic.Pointer[tls.Certificate]

	looking   sync.Mutex
	looked    time.Time // when the files were last read
	cert, key []byte    // what they held, usable or not
}

// look is how often the files are looked at, at most.
const look = time.Second

// get implements tls.Config.GetCertificate. Files that cannot be used leave the present certificate as it is: a renewal writes one after
// the other, and until both are there they do not fit.
func (p *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if p.looking.TryLock() { // a handshake does not wait for the files that another one reads
		defer p.looking.Unlock()
		if time.Since(p.looked) >= look {
			_ = p.renew(false) // it is in the log, and there is one to go on with
		}
	}
	return p.current.Load(), nil
}

// reload looks at the files now, whenever that was done before, and returns their error. Whoever asks for that is told each time that they
// cannot be used.
func (p *keyPair) reload() error {
	p.looking.Lock()
	defer p.looking.Unlock()
	return p.renew(true)
}

// renew loads the files, and tells if they hold something else than last time, or if somebody has asked and they cannot be used.
func (p *keyPair) renew(asked bool) error {
	cert, key := p.cert, p.key
	err := p.load()
	changed := !bytes.Equal(cert, p.cert) || !bytes.Equal(key, p.key)
	switch {
	case err != nil && (asked || changed):
		p.logger.Warn("certificate not renewed: the one before stays", "file", p.certFile, "error", err.Error())
	case err == nil && changed:
		p.logger.Info("certificate renewed", "file", p.certFile, "not_after", p.current.Load().Leaf.NotAfter)
	}
	return err
}

// load reads the files.
func (p *keyPair) load() (err error) {
	p.looked, p.cert, p.key = time.Now(), nil, nil
	if p.cert, err = readFile(p.certFile); err != nil {
		return err
	}
	if p.key, err = readFile(p.keyFile); err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(p.cert, p.key)
	if err != nil {
		return err
	}
	p.current.Store(&pair)
	return nil
}
