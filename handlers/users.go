package handlers

import (
	"roster/jsonapi"
	"roster/models"
)

func createUser(rq *request, db *models.DB, in *jsonapi.Input) (any, error) {
	return models.CreateUser(rq.Context(), db, rq.Caller(), in)
}

func updateUser(rq *request, db *models.DB, id string, in *jsonapi.Input) (any, error) {
	return models.UpdateUser(rq.Context(), db, rq.Caller(), id, in)
}

func deleteUser(rq *request, db *models.DB, id string, in *jsonapi.Input) error {
	return models.DeleteUser(rq.Context(), db, rq.Caller(), id, in)
}
