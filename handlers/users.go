package handlers

import (
	"roster/models"
)

func createUser(rq *request, db *models.DB, in *models.Change) (any, error) {
	return models.CreateUser(rq.Context(), db, rq.Caller(), in)
}

func updateUser(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	return models.UpdateUser(rq.Context(), db, rq.Caller(), id, in)
}

func deleteUser(rq *request, db *models.DB, id string, versions *models.Versions) error {
	return models.DeleteUser(rq.Context(), db, rq.Caller(), id, versions)
}
