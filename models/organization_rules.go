package models

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"roster/models/store"
)

// checkOrganization holds the rules that concern several members, or the world outside.
func checkOrganization(tx *store.DB, org, before *Organization, in *Change) error {
	var errs store.Errors
	invalid := func(field, message string, args ...any) {
		errs = append(errs, &store.Error{Kind: store.Invalid, Field: field, Message: fmt.Sprintf(message, args...)})
	}
	switch {
	case org.Kind == "company" && org.ParentID != nil:
		invalid("kind", "A company is the head of a tree: it has no parent.")
	case org.Kind != "company" && org.ParentID == nil:
		invalid("kind", "Only a company can be without a parent.")
	}
	if org.ValidFrom != nil && org.ValidTo != nil && org.ValidFrom.After(org.ValidTo.Time) {
		invalid("validTo", "validTo must not be before validFrom.")
	}
	if url, ok := in.Attributes["webhookUrl"].(string); ok && url != deref(before.WebhookURL) {
		if err := allowedOn(tx).WebhookTargets.CheckURL(url); err != nil {
			invalid("webhookUrl", "webhookUrl cannot be used: %s.", err)
		}
	}
	if secret, ok := in.Attributes["webhookSecret"].(string); ok {
		if wrong := checkWebhookSecret(secret); wrong != "" {
			invalid("webhookSecret", "webhookSecret %s.", wrong)
		}
	}
	if token, ok := in.Attributes["token"].(string); ok {
		if wrong := checkToken(token); wrong != "" {
			invalid("token", "%s", wrong)
		}
	}
	return errs.Err()
}

// SymmetricPrefix marks a secret whose bytes are in base64 (Standard Webhooks § Symmetric signatures).
const SymmetricPrefix = "whsec_"

// The prefixes of the halves of an ed25519 pair.
const (
	PrivateKeyPrefix = "whsk_"
	PublicKeyPrefix  = "whpk_"
)

// leastPlainSecret is the number of bytes of a secret that is used as it is: 128 bits, if they are random.
const leastPlainSecret = 16

// checkWebhookSecret tells what is wrong with a secret that a client chose. One without the prefix is used as its UTF-8 bytes, unless it
// is plainly meant for the other algorithm: whoever holds it would never verify what it signs.
func checkWebhookSecret(secret string) (wrong string) {
	if strings.HasPrefix(secret, PrivateKeyPrefix) || strings.HasPrefix(secret, PublicKeyPrefix) {
		return "is an ed25519 key, which belongs to a webhook whose algorithm is v1a"
	}
	if strings.TrimSpace(secret) != secret {
		return "begins or ends with a blank, which the receiver's copy of it would have to have as well"
	}
	encoded, ok := strings.CutPrefix(secret, SymmetricPrefix)
	if !ok {
		if len(secret) < leastPlainSecret {
			return fmt.Sprintf("must be at least %d bytes, or whsec_ and 24 to 64 bytes in base64", leastPlainSecret)
		}
		return ""
	}
	if unpadded := strings.TrimRight(encoded, "="); len(unpadded)%4 > 1 && len(encoded)%4 != 0 {
		return "goes on behind whsec_ in base64 without its padding, which libraries refuse: make its length a multiple of four with ="
	}
	key, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") { // which the library passes over
		return "begins with whsec_ but does not go on in base64"
	}
	if len(key) < 24 || len(key) > 64 {
		return fmt.Sprintf("must be 24 to 64 bytes in base64 behind whsec_, not %d", len(key))
	}
	return ""
}

// NewWebhookSecret returns a random secret in the form that Standard Webhooks prescribes: whsec_ and 32 bytes in base64.
func NewWebhookSecret() string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return SymmetricPrefix + base64.StdEncoding.EncodeToString(key)
}

// sealWebhook keeps the URL of an organization and the secret of the input, encrypted, and generates a secret for a URL that has none: a
// webhook is never sent unsigned. Taking the URL away takes the secret away.
func sealWebhook(tx *store.DB, org, before *Organization, in *Change) {
	url, urlGiven := in.Attributes["webhookUrl"]
	switch {
	case urlGiven && url == nil:
		org.SealedSecret, org.WebhookOrigin, org.SealedURL = nil, nil, nil
	case org.WebhookURL != nil && deref(before.WebhookURL) != *org.WebhookURL:
		origin, sealed := SealURL(tx.Vault(), org.ID, *org.WebhookURL)
		org.WebhookOrigin, org.SealedURL = &origin, sealed
	}
	secret, _ := in.Attributes["webhookSecret"].(string)
	if secret == "" && org.WebhookURL != nil && len(org.SealedSecret) == 0 {
		secret = NewWebhookSecret()
	}
	if secret != "" {
		org.SealedSecret, org.WebhookSecret = tx.Vault().Seal(org.ID, secret), &secret
	}
}
