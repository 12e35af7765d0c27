package models_test

import (
	"testing"

	"roster/models"
	"roster/models/modelstest"
)

func TestEveryModelHasTheColumnsOfItsTable(t *testing.T) {
	t.Parallel()
	var all []any
	for _, c := range models.Collections() {
		all = append(all, c.New())
	}
	modelstest.CompareColumns(t, append(all, models.Rows()...)...)
}
