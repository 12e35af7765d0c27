package models

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// A second factor is what a person shows besides their password: a code of the moment (TOTP, RFC 6238), or one of ten recovery codes for
// the day on which they have lost what makes those. Either works once.

// secondFactor is that of a user. One without ConfirmedAt has no effect.
type secondFactor struct {
	UserID      string        `gorm:"column:user_id"`
	Secret      []byte        `gorm:"column:secret"`
	LastStep    int64         `gorm:"column:last_step"`
	ConfirmedAt *jsonapi.Time `gorm:"column:confirmed_at"`
}

const (
	// totpStep is how long a code is the one of the moment, and totpSkew how many steps a clock may be ahead or behind (RFC 6238 §5.2).
	totpStep = 30 * time.Second
	totpSkew = 1

	// freshSignIn is how old a sign-in may be that a second factor can be made in without the password.
	freshSignIn = 15 * time.Minute

	totpDigits    = 6
	recoveryCodes = 10
	recoveryBytes = 10 // 80 bits
)

// FactorSecret is what makes the codes of a second factor, at the only moment when it is shown.
type FactorSecret struct {
	// Secret is in base32, for typing in; URL is the same for a QR code (otpauth://…).
	Secret, URL string
}

// NewSecondFactor gives a person in a session a secret for a second factor, which has no effect before [ConfirmSecondFactor]. It replaces
// one that was not confirmed; the error is of the kind Conflict if there is one that was, and Forbidden if they have to show their
// password, see checkFresh.
func NewSecondFactor(ctx context.Context, db *store.DB, by Caller, password string) (made FactorSecret, err error) {
	if err := checkFresh(ctx, db, by, password); err != nil {
		return made, err
	}
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		user, f, err := lockFactor(ctx, tx, by)
		switch {
		case err != nil:
			return err
		case f != nil && f.ConfirmedAt != nil:
			return &store.Error{Kind: store.Conflict, Message: "There is a second factor already. Delete it first."}
		}
		key, err := totp.Generate(totp.GenerateOpts{
			Issuer: "Roster", AccountName: cmp.Or(deref(user.Email), user.fullName(), user.ID), Period: uint(totpStep / time.Second),
		})
		if err != nil {
			return fmt.Errorf("make the secret of a second factor: %w", err)
		}
		made = FactorSecret{key.Secret(), key.URL()}
		_, err = tx.Exec(ctx, `INSERT INTO second_factors (user_id, secret, last_step, created_at) VALUES (?, ?, 0, ?)
			ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at`,
			user.ID, tx.Vault().Seal(factorOwner(user.ID), key.Secret()), tx.Now())
		if err != nil {
			return fmt.Errorf("insert second factor: %w", err)
		}
		return nil
	})
	return made, err
}

// checkFresh keeps somebody who has found or stolen a session from giving its person a second factor, which would lock them out for good:
// one who did not sign in just now has to show their password. What is wrong counts as a failure to sign in.
func checkFresh(ctx context.Context, db *store.DB, by Caller, password string) error {
	var at jsonapi.Stamp
	err := db.Read(ctx, func(rows *sql.Rows) error { return rows.Scan(&at) },
		`SELECT created_at FROM sign_ins WHERE session_id = ? AND user_id = ?`,
		collection.IDOrNil(by.Scope.Session()), by.User())
	switch {
	case err != nil:
		return fmt.Errorf("look for the sign-in: %w", err)
	case at.After(db.Now().Add(-freshSignIn)):
		return nil
	case password == "":
		return &store.Error{Kind: store.Forbidden,
			Message: "This sign-in is some time ago: it needs meta.currentPassword, or signing in again."}
	}
	proof := &Change{CurrentPassword: password}
	return ProveOwner(ctx, db, by, by.User(), proof)
}

// ConfirmSecondFactor makes the second factor of a person count, once they have shown a code of it. It returns their recovery codes: the
// only time that these are shown. It fails with NotFound without a secret to confirm, and with Invalid for the code.
func ConfirmSecondFactor(ctx context.Context, db *store.DB, by Caller, code string) ([]string, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) ([]string, error) {
		user, f, err := lockFactor(ctx, tx, by)
		switch {
		case err != nil:
			return nil, err
		case f == nil:
			return nil, errNoFactor()
		case f.ConfirmedAt != nil:
			return nil, &store.Error{Kind: store.Conflict, Message: "The second factor is confirmed already."}
		}
		step, err := f.stepOf(tx, plainCode(code))
		switch {
		case err != nil:
			return nil, err
		case step == 0:
			return nil, &store.Error{Kind: store.Invalid, Field: "code", Message: "code is not the one of this moment."}
		}
		_, err = tx.Exec(ctx, `UPDATE second_factors SET confirmed_at = ?, last_step = ? WHERE user_id = ?`, tx.Now(), step, user.ID)
		if err != nil {
			return nil, fmt.Errorf("confirm second factor: %w", err)
		}
		codes, err := putRecoveryCodes(ctx, tx, user.ID)
		if err != nil {
			return nil, err
		}
		return codes, recordFactor(ctx, tx, by, user, true)
	})
}

// lockFactor returns the person of a session, locked, and their second factor, nil for none.
func lockFactor(ctx context.Context, tx *store.DB, by Caller) (*User, *secondFactor, error) {
	user, err := lock[User](ctx, tx, Users, collection.Everything(), by.User())
	if err != nil {
		return nil, nil, err
	}
	f, err := findFactor(ctx, tx, user.ID)
	return user, f, err
}

// findFactor returns the second factor of a user, confirmed or not; nil for none.
func findFactor(ctx context.Context, db *store.DB, user string) (*secondFactor, error) {
	var found []*secondFactor
	err := db.Session(ctx).Table("second_factors").Where("user_id = ?", user).Limit(1).Find(&found).Error
	if err != nil {
		return nil, fmt.Errorf("find second factor: %w", err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	return found[0], nil
}

// activeFactor is findFactor for one that counts.
func activeFactor(ctx context.Context, db *store.DB, user string) (*secondFactor, error) {
	f, err := findFactor(ctx, db, user)
	if f != nil && f.ConfirmedAt == nil {
		f = nil
	}
	return f, err
}

// HasSecondFactor reports whether a user has a second factor that counts.
func HasSecondFactor(ctx context.Context, db *store.DB, user string) (bool, error) {
	f, err := activeFactor(ctx, db, user)
	return f != nil, err
}

// factorOwner is what the secret of a user's second factor is sealed for.
func factorOwner(user string) string { return "second factor " + user }

// plainCode returns a code without what people type for their eyes.
func plainCode(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(text))
}

// stepOf returns the step of a code that is one of the moment and was not used yet, 0 if it is none.
func (f *secondFactor) stepOf(db *store.DB, code string) (int64, error) {
	secret, err := db.Vault().Open(factorOwner(f.UserID), f.Secret)
	if err != nil {
		return 0, fmt.Errorf("open second factor: %w", err)
	}
	now := db.Now().Unix() / int64(totpStep/time.Second)
	for step := now - totpSkew; step <= now+totpSkew; step++ {
		if hotp.Validate(code, uint64(step), secret) && step > f.LastStep {
			return step, nil
		}
	}
	return 0, nil
}

// spend reports whether a code is good, and uses it up: of several at once one gets through, and none with the secret of an earlier factor.
func (f *secondFactor) spend(ctx context.Context, db *store.DB, code string) (bool, error) {
	code = plainCode(code)
	if len(code) == totpDigits {
		step, err := f.stepOf(db, code)
		if err != nil || step == 0 {
			return false, err
		}
		n, err := db.Exec(ctx, `UPDATE second_factors SET last_step = ?
			WHERE user_id = ? AND secret = ? AND confirmed_at IS NOT NULL AND last_step < ?`, step, f.UserID, f.Secret, step)
		if err != nil {
			return false, fmt.Errorf("use code: %w", err)
		}
		return n == 1, nil
	}
	n, err := db.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`, f.UserID, recoveryHash(db, f.UserID, code))
	if err != nil {
		return false, fmt.Errorf("use recovery code: %w", err)
	}
	return n == 1, nil
}

// putRecoveryCodes makes the recovery codes of a user and returns them: four groups of four characters.
func putRecoveryCodes(ctx context.Context, tx *store.DB, user string) ([]string, error) {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		random := make([]byte, recoveryBytes)
		_, _ = rand.Read(random) // never fails (crypto/rand)
		text := base32.StdEncoding.EncodeToString(random)
		codes[i] = strings.ToLower(strings.Join([]string{text[:4], text[4:8], text[8:12], text[12:]}, "-"))
		_, err := tx.Exec(ctx, `INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`,
			user, recoveryHash(tx, user, plainCode(codes[i])))
		if err != nil {
			return nil, fmt.Errorf("insert recovery code: %w", err)
		}
	}
	return codes, nil
}

func recoveryHash(db *store.DB, user, code string) []byte {
	return db.Vault().Digest("recovery code", user+" "+code)
}

// proveFactor returns how a user whose password was right has signed in, once a code has shown their second factor, if they have one. It
// fails with SecondFactor without a code, and with the error for what is not right.
func proveFactor(ctx context.Context, db *store.DB, user, code string) (method string, err error) {
	f, err := activeFactor(ctx, db, user)
	switch {
	case err != nil:
		return "", err
	case f == nil:
		return ByPassword, nil
	case code == "":
		return "", errFactorMissing()
	}
	good, err := f.spend(ctx, db, code)
	switch {
	case err != nil:
		return "", err
	case !good:
		return "", errNotRight(true)
	}
	return ByTOTP, nil
}

func errFactorMissing() error {
	return &store.Error{Kind: store.SecondFactor, Message: "The password is right. A code of the second factor, or a recovery code, is " +
		"needed besides: totp."}
}

func errNoFactor() error {
	return &store.Error{Kind: store.NotFound, Message: "There is no second factor."}
}

// FactorProof is what a person shows to be rid of their second factor: a code of it, a recovery code, or their password.
type FactorProof struct{ Code, Password string }

// RemoveSecondFactor takes the second factor of a person away, who has to show that it is they. What is wrong is a failure to sign in, and
// counts as one. It fails with NotFound, Forbidden and TooMany.
func RemoveSecondFactor(ctx context.Context, db *store.DB, by Caller, shown FactorProof) error {
	found, err := collection.Find(ctx, db, Users, collection.Everything(), by.User(), nil)
	if err != nil {
		return err
	}
	user := found.(*User)
	f, err := activeFactor(ctx, db, user.ID)
	switch {
	case err != nil:
		return err
	case f == nil:
		return errNoFactor()
	case shown == FactorProof{}:
		return &store.Error{Kind: store.Forbidden, Message: "This needs meta.code or meta.currentPassword."}
	}
	account := cmp.Or(deref(user.EmailKey), user.ID)
	right, err := guess{account: account, user: user.ID, from: by.Address}.judge(ctx, db, func() (bool, error) {
		if shown.Code != "" {
			return f.spend(ctx, db, shown.Code)
		}
		return isPassword(shown.Password, user.PasswordHash)
	})
	switch {
	case err != nil:
		return err
	case !right:
		return &store.Error{Kind: store.Forbidden, Message: "The code, or the password, is not right."}
	}
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		user, err := lock[User](ctx, tx, Users, collection.Everything(), user.ID)
		if err != nil {
			return err
		}
		return dropFactor(ctx, tx, by, user)
	})
}

// TakeSecondFactor takes the second factor of a user away who cannot show it any more. Only a management key of the whole installation may:
// otherwise the error is of the kind Forbidden.
func TakeSecondFactor(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		user, err := lock[User](ctx, tx, Users, by.Scope, id)
		if err != nil {
			return err
		}
		if err := checkVersion(user.Version, versions); err != nil {
			return err
		}
		if !by.Scope.All() {
			return &store.Error{Kind: store.Forbidden, Message: "This needs a management key of the whole installation."}
		}
		return dropFactor(ctx, tx, by, user)
	})
}

// dropFactor takes the second factor of a user away, who is locked.
func dropFactor(ctx context.Context, tx *store.DB, by Caller, user *User) error {
	n, err := tx.Exec(ctx, `DELETE FROM second_factors WHERE user_id = ? AND confirmed_at IS NOT NULL`, user.ID)
	switch {
	case err != nil:
		return fmt.Errorf("delete second factor: %w", err)
	case n == 0:
		return errNoFactor()
	}
	return recordFactor(ctx, tx, by, user, false)
}

// recordFactor tells that a user has a second factor now, or has none any more.
func recordFactor(ctx context.Context, tx *store.DB, by Caller, user *User, has bool) error {
	organizations, err := membershipOrganizations(ctx, tx, collection.Everything(), user.ID)
	if err != nil {
		return err
	}
	return recordUser(ctx, tx, by, change{
		verb: updated, collection: Users, before: user, after: user, besides: map[string][2]any{factorChange: {!has, has}},
	}, organizations)
}

// factorChange is what changes call it that a user has a second factor. No attribute tells it: it is nobody else's to look up.
const factorChange = "secondFactor"
