package handlers

import (
	"net/http"
	"time"

	"roster/jsonapi"
	"roster/models"
)

func createAPIKey(rq *request, db *models.DB, in *jsonapi.Input) (any, error) {
	return models.CreateAPIKey(rq.Context(), db, rq.caller(), rq.principal, in)
}

func updateAPIKey(rq *request, db *models.DB, id string, in *jsonapi.Input) (any, error) {
	return models.UpdateAPIKey(rq.Context(), db, rq.caller(), rq.principal, id, in)
}

func deleteAPIKey(rq *request, db *models.DB, id string, in *jsonapi.Input) error {
	return models.DeleteAPIKey(rq.Context(), db, rq.caller(), id, in)
}

// How long earlier secrets of a rotated key go on working.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
)

// rotateAPIKey answers with the key and its new secret.
func (a *API) rotateAPIKey(w http.ResponseWriter, rq *request) error {
	overlap := defaultOverlap
	if len(rq.body) > 0 {
		seconds, given, err := jsonapi.DecodeMetaNumber(rq.body, "overlap", 0, int64(maxOverlap/time.Second))
		if err != nil {
			return err
		}
		if given {
			overlap = time.Duration(seconds) * time.Second
		}
	}
	key, err := models.RotateAPIKey(rq.Context(), a.db, rq.caller(), rq.principal, rq.id(), overlap)
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusOK, key)
}
