package webhooks

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"roster/models"
)

const (
	officialSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	officialID     = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	officialBody   = `{"test": 2432232314}`
	svixPrivate    = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
	svixPublic     = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
)

var officialTime = time.Unix(1614265330, 0)

func mustSecret(t testing.TB, s string) Secret {
	t.Helper()
	secret, err := ParseSecret(s)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func mustKey(t testing.TB, s string) VerifyingKey {
	t.Helper()
	key, err := ParseVerifyingKey(s)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// signed builds the header a receiver sees.
func signed(t testing.TB, id string, at time.Time, body []byte, secrets ...Secret) http.Header {
	t.Helper()
	signature, err := Sign(id, at, body, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(HeaderSignature, signature)
	return h
}

func TestSignMatchesThePublishedVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		name, id, body string
		at             time.Time
		secrets        []string
		want           string
	}{
		{"v1, from the official libraries", officialID, officialBody, officialTime, []string{officialSecret},
			"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		{"v1a, from Svix's worker", officialID, officialBody, officialTime, []string{svixPrivate},
			"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="},
		{"a rotation signs with the new secret first", officialID, officialBody, officialTime,
			[]string{"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", officialSecret},
			"v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
		{"a body that is not ASCII", "msg_utf8check",
			`{"type":"user.created","timestamp":"2026-01-02T03:04:05.678Z","data":{"name":"Zoë ☕"}}`,
			time.Unix(1767323045, 0), []string{officialSecret}, "v1,mE5PAOouPNAV+ifoDVPa02ilW8faoS9z53ThqOXh6wg="},
		{"both schemes in one header", officialID, officialBody, officialTime, []string{officialSecret, svixPrivate},
			"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= " +
				"v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var secrets []Secret
			for _, s := range v.secrets {
				secrets = append(secrets, mustSecret(t, s))
			}
			got, err := Sign(v.id, v.at, []byte(v.body), secrets...)
			if err != nil || got != v.want {
				t.Errorf("Sign = %q, %v\nwant   %q", got, err, v.want)
			}
		})
	}
}

func TestTheOfficialLibraryAcceptsWhatWeSign(t *testing.T) {
	t.Parallel()
	body := []byte("{\"name\":\"Zoë \u2028 <b>\"}")
	generated := models.NewWebhookSecret()
	header := signed(t, "msg_1", time.Now(), body, mustSecret(t, generated), mustSecret(t, officialSecret))

	for _, secret := range []string{generated, officialSecret} {
		official, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := official.Verify(body, header); err != nil {
			t.Errorf("during a rotation, with %.10s…: %v", secret, err)
		}
		if err := official.Verify(append(body, ' '), header); err == nil {
			t.Error("a changed body was accepted")
		}
	}

	plain := "not a whsec_ secret"
	official, err := standardwebhooks.NewWebhookRaw([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	if err := official.Verify(body, signed(t, "msg_1", time.Now(), body, mustSecret(t, plain))); err != nil {
		t.Errorf("a secret without prefix, used as its UTF-8 bytes: %v", err)
	}
}

func TestVerifyAcceptsWhatTheOfficialLibrarySigns(t *testing.T) {
	t.Parallel()
	official, err := standardwebhooks.NewWebhook(officialSecret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := official.Sign(officialID, officialTime, []byte(officialBody))
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	header.Set(HeaderID, officialID)
	header.Set(HeaderTimestamp, "1614265330")
	header.Set(HeaderSignature, signature)
	if err := Verify(header, []byte(officialBody), 5*time.Minute, officialTime, mustKey(t, officialSecret)); err != nil {
		t.Error(err)
	}
}

func TestParseSecret(t *testing.T) {
	t.Parallel()
	seed := make([]byte, ed25519.SeedSize)
	private := ed25519.NewKeyFromSeed(seed)
	mismatched := append([]byte{}, private...)
	mismatched[63] ^= 1
	b64 := base64.StdEncoding.EncodeToString

	same := func(a, b string) {
		t.Helper()
		x, errX := Sign("id", officialTime, nil, mustSecret(t, a))
		y, errY := Sign("id", officialTime, nil, mustSecret(t, b))
		if errX != nil || errY != nil || x != y {
			t.Errorf("%q and %q are one key but sign differently", a, b)
		}
	}
	same("whsec_"+b64([]byte("four")), "four")
	same("whsec_"+b64([]byte("four")), "whsec_"+strings.TrimRight(b64([]byte("four")), "="))
	same("whsk_"+b64(seed), "whsk_"+b64(private))

	for _, refused := range []string{
		"", "whsec_", "whsec_====", "whsec_*", "whsk_", "whsk_AAAA", "whsk_" + b64(mismatched), svixPublic,
	} {
		if _, err := ParseSecret(refused); err == nil {
			t.Errorf("ParseSecret(%q) was accepted", refused)
		}
	}
	for _, refused := range []string{"", "whpk_", "whpk_AAAA", "whpk_*"} {
		if _, err := ParseVerifyingKey(refused); err == nil {
			t.Errorf("ParseVerifyingKey(%q) was accepted", refused)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	secret := mustSecret(t, officialSecret)
	for name, sign := range map[string]func() (string, error){
		"no secret":               func() (string, error) { return Sign("id", officialTime, nil) },
		"an empty secret":         func() (string, error) { return Sign("id", officialTime, nil, secret, Secret{}) },
		"no id":                   func() (string, error) { return Sign("", officialTime, nil, secret) },
		"an id with a full stop":  func() (string, error) { return Sign("a.1", officialTime, nil, secret) },
		"an id with a line break": func() (string, error) { return Sign("a\r\nx: y", officialTime, nil, secret) },
	} {
		if got, err := sign(); err == nil {
			t.Errorf("%s: signed as %q", name, got)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	newSecret, newPublic := svixPrivate, svixPublic
	if got := mustSecret(t, newSecret).PublicKey(); got != newPublic {
		t.Errorf("PublicKey = %q, want %q", got, newPublic)
	}
	body := []byte(officialBody)
	both := signed(t, "msg_1", officialTime, body, mustSecret(t, newSecret), mustSecret(t, officialSecret))
	without := func(name string) http.Header {
		h := both.Clone()
		h.Del(name)
		return h
	}
	with := func(name, value string) http.Header {
		h := both.Clone()
		h.Set(name, value)
		return h
	}
	hmacKey, otherKey := mustKey(t, officialSecret), mustKey(t, models.NewWebhookSecret())

	for _, v := range []struct {
		name   string
		header http.Header
		body   string
		late   time.Duration
		keys   []VerifyingKey
		want   error
	}{
		{"with the symmetric secret", both, officialBody, 0, []VerifyingKey{hmacKey}, nil},
		{"with the public key", both, officialBody, 0, []VerifyingKey{mustKey(t, newPublic)}, nil},
		{"with the private key", both, officialBody, 0, []VerifyingKey{mustKey(t, newSecret)}, nil},
		{"with any of several keys", both, officialBody, 0, []VerifyingKey{otherKey, hmacKey}, nil},
		{"five minutes late", both, officialBody, 5 * time.Minute, []VerifyingKey{hmacKey}, nil},
		{"five minutes early", both, officialBody, -5 * time.Minute, []VerifyingKey{hmacKey}, nil},
		{"later than that", both, officialBody, 5*time.Minute + time.Second, []VerifyingKey{hmacKey}, ErrTooOld},
		{"earlier than that", both, officialBody, -5*time.Minute - time.Second, []VerifyingKey{hmacKey}, ErrTooNew},
		{"with another secret", both, officialBody, 0, []VerifyingKey{otherKey}, ErrWrongSignature},
		{"with an empty key", both, officialBody, 0, []VerifyingKey{{}}, ErrWrongSignature},
		{"without keys", both, officialBody, 0, nil, ErrWrongSignature},
		{"with a changed body", both, officialBody + " ", 0, []VerifyingKey{hmacKey}, ErrWrongSignature},
		{"with a changed id", with(HeaderID, "msg_2"), officialBody, 0, []VerifyingKey{hmacKey}, ErrWrongSignature},
		{"with a changed time", with(HeaderTimestamp, "1614265331"), officialBody, 0, []VerifyingKey{hmacKey}, ErrWrongSignature},
		{"with rubbish for a time", with(HeaderTimestamp, "now"), officialBody, 0, []VerifyingKey{hmacKey}, ErrBadTimestamp},
		{"with rubbish for a signature", with(HeaderSignature, "v1 v1, ,, v2,AAAA v1a,AAAA"), officialBody, 0,
			[]VerifyingKey{hmacKey, mustKey(t, newPublic)}, ErrWrongSignature},
		{"without an id", without(HeaderID), officialBody, 0, []VerifyingKey{hmacKey}, ErrNoSignature},
		{"without a time", without(HeaderTimestamp), officialBody, 0, []VerifyingKey{hmacKey}, ErrNoSignature},
		{"without a signature", without(HeaderSignature), officialBody, 0, []VerifyingKey{hmacKey}, ErrNoSignature},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			got := Verify(v.header, []byte(v.body), 5*time.Minute, officialTime.Add(v.late), v.keys...)
			if !errors.Is(got, v.want) {
				t.Errorf("Verify = %v, want %v", got, v.want)
			}
		})
	}
}

func TestASecretNeverPrints(t *testing.T) {
	t.Parallel()
	secret := mustSecret(t, "hunter2-hunter2")
	nested := struct {
		name   string
		secret Secret
		all    []Secret
		key    VerifyingKey
	}{"x", secret, []Secret{secret}, mustKey(t, "hunter2-hunter2")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "nested", nested)
	spelled := fmt.Sprint([]byte("hunter2")[0], []byte("hunter2")[1])
	for _, printed := range []string{
		fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, secret),
		fmt.Sprintf("%v %+v %#v", nested, nested, nested), log.String(),
	} {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, spelled) {
			t.Errorf("printed: %s", printed)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	body := []byte(strings.Repeat("x", 1500))
	for name, secrets := range map[string][]Secret{
		"v1":       {mustSecret(b, officialSecret)},
		"rotation": {mustSecret(b, models.NewWebhookSecret()), mustSecret(b, officialSecret)},
		"v1a":      {mustSecret(b, svixPrivate)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := Sign(officialID, officialTime, body, secrets...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
