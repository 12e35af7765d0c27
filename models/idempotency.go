package models

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"roster/models/store"
)

// AnswerLifetime is how long an answer is kept for requests that are sent again.
const AnswerLifetime = 24 * time.Hour

// purgeAtOnce bounds what one request does to clean up after others.
const purgeAtOnce = 20

// KeyedRequest names a request that may be sent several times and must take effect once.
type KeyedRequest struct {
	// Caller and Key name it together: callers choose their keys without knowing of each other.
	Caller Identity
	Key    string
	// Rights are what the caller holds. An answer can tell secrets that go as far as the rights under which it was made, so only a caller
	// that still holds at least those gets it again.
	Rights Rights
	// Request is all that the answer depends on. The same key with another request is a mistake of the client.
	Request string
}

// Once runs fn in a transaction, and keeps what it returns in the same transaction. If that was done within AnswerLifetime before, fn is
// not called: the earlier answer is returned, with replayed set; a caller who holds less than it did then is Forbidden. Of several at once
// one runs and the others wait for its answer. If fn fails nothing has happened, nothing is kept, and the key is free. fn may be called
// again after the database refused its transaction.
func Once(ctx context.Context, db *store.DB, keyed KeyedRequest,
	fn func(tx *store.DB) (string, error)) (answer string, replayed bool, err error) {
	err = store.Transaction(ctx, db, func(tx *store.DB) error {
		var kept *string
		if kept, err = claim(ctx, tx, keyed); err != nil {
			return err
		}
		if replayed = kept != nil; replayed {
			answer = *kept
			return nil
		}
		if answer, err = fn(tx); err != nil {
			return err
		}
		rights, err := json.Marshal(keyed.Rights)
		if err != nil {
			return fmt.Errorf("encode rights: %w", err)
		}
		err = tx.Later(ctx, "keep answer", `UPDATE idempotency_keys SET answer = ?, rights = ? WHERE caller = ? AND key = ?`,
			tx.Vault().Seal(keyed.owner(), answer), string(rights), keyed.Caller.String(), keyed.Key)
		if err != nil {
			return err
		}
		return purgeAnswers(ctx, tx)
	})
	return answer, replayed, err
}

// owner is what the answer is encrypted for.
func (r KeyedRequest) owner() string { return answerOwner(r.Caller.String(), r.Key) }

func answerOwner(caller, key string) string { return fmt.Sprintf("answer %q %q", caller, key) }

// claim takes the key, or returns the answer that was given under it. On PostgreSQL it waits for a transaction that holds the key; SQLite
// has one writer at a time. It comes first in the transaction: who waits here holds nothing that others wait for.
func claim(ctx context.Context, tx *store.DB, keyed KeyedRequest) (*string, error) {
	now, fingerprint := tx.Now(), tx.Vault().Digest("idempotency", keyed.Request)
	taken, err := tx.Exec(ctx, `INSERT INTO idempotency_keys (caller, key, fingerprint, created_at)
		VALUES (?, ?, ?, ?)
		ON CONFLICT (caller, key) DO UPDATE SET fingerprint = excluded.fingerprint, answer = NULL, rights = NULL,
		created_at = excluded.created_at
		WHERE idempotency_keys.created_at <= ?`, keyed.Caller.String(), keyed.Key, fingerprint, now, now.Add(-AnswerLifetime))
	if err != nil {
		return nil, fmt.Errorf("claim idempotency key: %w", err)
	}
	if taken == 1 {
		return nil, nil
	}
	var rows []keptRow
	err = tx.Session(ctx).Raw(`SELECT fingerprint, answer, rights FROM idempotency_keys WHERE caller = ? AND key = ?`,
		keyed.Caller.String(), keyed.Key).Scan(&rows).Error
	switch {
	case err != nil:
		return nil, fmt.Errorf("read kept answer: %w", err)
	case len(rows) == 0:
		return nil, errors.New("read kept answer: it was purged just now")
	case !hmac.Equal(rows[0].Fingerprint, fingerprint):
		return nil, &store.Error{Kind: store.OtherRequest, Message: "This key was used with another path or body within the last 24 hours."}
	case rows[0].Answer == nil: // of a version that did not note who may have it
		return nil, &store.Error{Kind: store.Conflict, Message: "This request took effect before; its answer is not kept any more."}
	}
	if err := rows[0].permit(keyed.Rights); err != nil {
		return nil, err
	}
	answer, err := tx.Vault().Open(keyed.owner(), rows[0].Answer)
	return &answer, err
}

// keptRow is an answer as it is kept, with the rights of the caller when it was made.
type keptRow struct {
	Fingerprint, Answer []byte
	Rights              string
}

// permit refuses the answer to a caller who holds less than when it was made.
func (k keptRow) permit(rights Rights) error {
	var then Rights
	if err := json.Unmarshal([]byte(k.Rights), &then); err != nil {
		return fmt.Errorf("read rights of kept answer: %w", err)
	}
	if !rights.Cover(then) {
		return &store.Error{Kind: store.Forbidden,
			Message: "This request took effect when this credential could do more, or for longer; its answer is not given again."}
	}
	return nil
}

// purgeAnswers removes some answers that have expired. Each request that adds one removes up to twenty, so that they cannot pile up. Rows
// that another transaction works on are left to it.
func purgeAnswers(ctx context.Context, tx *store.DB) error {
	free := map[store.Dialect]string{store.Postgres: "FOR UPDATE SKIP LOCKED"}[tx.Dialect()]
	return tx.Later(ctx, "purge kept answers", `DELETE FROM idempotency_keys
		WHERE (caller, key) IN (
			SELECT caller, key FROM idempotency_keys WHERE created_at <= ? ORDER BY created_at LIMIT ? `+free+`
		)`, tx.Now().Add(-AnswerLifetime), purgeAtOnce)
}
