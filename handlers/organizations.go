package handlers

import (
	"net/http"

	"roster/models"
)

func createOrganization(rq *request, db *models.DB, in *models.Change) (any, error) {
	return models.CreateOrganization(rq.Context(), db, rq.Caller(), in)
}

func updateOrganization(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	return models.UpdateOrganization(rq.Context(), db, rq.Caller(), id, in)
}

func deleteOrganization(rq *request, db *models.DB, id string, versions *models.Versions) error {
	return models.DeleteOrganization(rq.Context(), db, rq.Caller(), id, versions)
}

// metaOf returns what an answer says beside a resource: when a token that it shows ceases to work, if it does.
func metaOf(item any) map[string]any {
	meta := map[string]any{}
	if org, ok := item.(*models.Organization); ok && org.TokenExpiresAt != nil {
		meta["tokenExpiresAt"] = *org.TokenExpiresAt
	}
	return meta
}

// refreshToken answers with the organization and its new token.
func (a *API) refreshToken(w http.ResponseWriter, rq *request) error {
	org, err := models.RefreshToken(rq.Context(), rq.DB, rq.Caller(), rq.id())
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusOK, org)
}
