package handlers

import (
	"net/http"

	"roster/jsonapi"
	"roster/models"
)

func createOrganization(rq *request, db *models.DB, in *jsonapi.Input) (any, error) {
	return models.CreateOrganization(rq.Context(), db, rq.caller(), in)
}

func updateOrganization(rq *request, db *models.DB, id string, in *jsonapi.Input) (any, error) {
	return models.UpdateOrganization(rq.Context(), db, rq.caller(), id, in)
}

func deleteOrganization(rq *request, db *models.DB, id string, in *jsonapi.Input) error {
	return models.DeleteOrganization(rq.Context(), db, rq.caller(), id, in)
}

// refreshToken answers with the organization and its new token.
func (a *API) refreshToken(w http.ResponseWriter, rq *request) error {
	org, err := models.RefreshToken(rq.Context(), a.db, rq.caller(), rq.id())
	if err != nil {
		return err
	}
	return a.writeOne(w, rq, http.StatusOK, org)
}
