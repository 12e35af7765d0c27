package webhookstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// Authority issues certificates for receivers on loopback. Senders that trust Roots accept the good ones.
type Authority struct {
	Roots       *x509.CertPool
	tb          testing.TB
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority returns an authority with a new root certificate.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	a := &Authority{Roots: x509.NewCertPool(), tb: tb, key: newKey(tb)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "webhookstest"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der := a.create(template, template, &a.key.PublicKey, a.key)
	var err error
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		tb.Fatalf("read the root certificate: %v", err)
	}
	a.Roots.AddCert(a.certificate)
	return a
}

// Valid is a good certificate for 127.0.0.1 and the given names.
func (a *Authority) Valid(names ...string) *tls.Config {
	return a.config(a.leaf(time.Now().Add(time.Hour), names, net.IPv4(127, 0, 0, 1)), a.certificate, a.key)
}

// Expired is a certificate that ended a minute ago.
func (a *Authority) Expired() *tls.Config {
	return a.config(a.leaf(time.Now().Add(-time.Minute), nil, net.IPv4(127, 0, 0, 1)), a.certificate, a.key)
}

// WrongName is a certificate for somebody else.
func (a *Authority) WrongName() *tls.Config {
	return a.config(a.leaf(time.Now().Add(time.Hour), []string{"somebody.else.test"}), a.certificate, a.key)
}

// SelfSigned is a certificate no authority vouches for.
func (a *Authority) SelfSigned() *tls.Config {
	template := a.leaf(time.Now().Add(time.Hour), nil, net.IPv4(127, 0, 0, 1))
	return a.config(template, nil, nil)
}

// Outdated speaks nothing newer than TLS 1.0.
func (a *Authority) Outdated() *tls.Config {
	config := a.Valid()
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
	return config
}

func (a *Authority) leaf(until time.Time, names []string, addresses ...net.IP) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "receiver"}, DNSNames: names, IPAddresses: addresses,
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
}

// config signs the leaf with the parent, or with its own key when there is none.
func (a *Authority) config(leaf, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) *tls.Config {
	key := newKey(a.tb)
	if parent == nil {
		parent, parentKey = leaf, key
	}
	der := a.create(leaf, parent, &key.PublicKey, parentKey)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func (a *Authority) create(template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		a.tb.Fatalf("create a certificate: %v", err)
	}
	return der
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("generate a key: %v", err)
	}
	return key
}
