package models

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"roster/models/store"
)

// emailKey returns what makes two spellings of an address one (ADR 0051).
func emailKey(email *string) *string {
	if email == nil {
		return nil
	}
	at := strings.LastIndexByte(*email, '@')
	key := folded((*email)[:at+1]) + asciiDomain((*email)[at+1:])
	return &key
}

// mailable returns an address as mail servers take it: with the domain as it is in the DNS.
func mailable(email string) string {
	at := strings.LastIndexByte(email, '@')
	return email[:at+1] + asciiDomain(email[at+1:])
}

// folded returns a text without what differs between its spellings: composed or decomposed, in whatever case, ß and ss (canonical caseless
// matching, Unicode D145). Lower case comes first because Fold exchanges the two cases of Cherokee letters.
func folded(s string) string {
	return norm.NFC.String(cases.Fold().String(strings.ToLower(norm.NFD.String(s))))
}

// domains maps every spelling of a domain to its ASCII form (UTS #46, nontransitional). Names that are no host names are let through:
// whether mail can be sent there is not its business.
var domains = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false))

func asciiDomain(domain string) string {
	ascii, err := domains.ToASCII(norm.NFC.String(strings.ToLower(domain))) // its tables are older than those of Unicode
	if err != nil {                                                         // no form of it is in the DNS
		return folded(domain)
	}
	return ascii
}

// foldedMark is the name under which the installation keeps that its addresses have keys under the present rule.
const foldedMark = "email_keys"

// rekeyAddresses brings the keys of addresses that were kept under an earlier rule up to the present one, once for each database. Of
// several users whose addresses turn out to be one, the key goes to the one who has it already, else to the oldest; it returns the ids of
// the others. Those stay as they are, findable by their own spelling, until their address is changed.
func rekeyAddresses(ctx context.Context, db *store.DB) (others []string, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		others = nil
		// Of two processes that start at once one inserts; the other waits for it and then has nothing to do.
		n, err := tx.Exec(ctx, `INSERT INTO installation (name, value) VALUES (?, 'folded') ON CONFLICT (name) DO NOTHING`,
			foldedMark)
		if err != nil {
			return fmt.Errorf("note the rule of addresses: %w", err)
		}
		if n == 0 {
			return nil
		}
		var users []*User
		// Of ASCII alone the key was the lower case, and is.
		q := tx.Session(ctx).Select("id", "email", "email_key").Where("octet_length(email) <> length(email)")
		if err := q.Order("created_at, id").Find(&users).Error; err != nil {
			return fmt.Errorf("read addresses: %w", err)
		}
		for _, u := range users {
			key := emailKey(u.Email)
			if *key == *u.EmailKey {
				continue
			}
			n, err := tx.Exec(ctx, `UPDATE users SET email_key = ?
				WHERE id = ? AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = ?)`, *key, u.ID, *key)
			if err != nil {
				return fmt.Errorf("rekey address: %w", err)
			}
			if n == 0 {
				others = append(others, u.ID)
			}
		}
		return nil
	})
	return others, err
}
