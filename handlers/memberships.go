package handlers

import (
	"roster/models"
)

func createMembership(rq *request, db *models.DB, in *models.Change) (any, error) {
	return models.CreateMembership(rq.Context(), db, rq.Caller(), in)
}

func updateMembership(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	return models.UpdateMembership(rq.Context(), db, rq.Caller(), id, in)
}

func deleteMembership(rq *request, db *models.DB, id string, versions *models.Versions) error {
	return models.DeleteMembership(rq.Context(), db, rq.Caller(), id, versions)
}
