package models

import (
	"sync/atomic"

	"gorm.io/gorm"
)

// CountStatements counts the statements that a database is sent from now on.
func CountStatements(db *DB) (*atomic.Int64, error) {
	n := &atomic.Int64{}
	count := func(*gorm.DB) { n.Add(1) }
	callbacks := db.gorm.Callback()
	for _, err := range []error{
		callbacks.Query().Before("gorm:query").Register("count", count),
		callbacks.Row().Before("gorm:row").Register("count", count),
		callbacks.Raw().Before("gorm:raw").Register("count", count),
	} {
		if err != nil {
			return nil, err
		}
	}
	return n, nil
}
