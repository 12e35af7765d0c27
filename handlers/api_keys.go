package handlers

import (
	"net/http"
	"time"

	"roster/jsonapi"
	"roster/models"
)

func createAPIKey(rq *request, db *models.DB, in *models.Change) (any, error) {
	return models.CreateAPIKey(rq.Context(), db, rq.Caller(), in)
}

func updateAPIKey(rq *request, db *models.DB, id string, in *models.Change) (any, error) {
	return models.UpdateAPIKey(rq.Context(), db, rq.Caller(), id, in)
}

func deleteAPIKey(rq *request, db *models.DB, id string, versions *models.Versions) error {
	return models.DeleteAPIKey(rq.Context(), db, rq.Caller(), id, versions)
}

// How long earlier secrets go on working after a rotation.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 7 * 24 * time.Hour
)

// overlapOf returns the overlap that a request for a rotation asks for: meta.overlap, in seconds.
func overlapOf(rq *request) (time.Duration, error) {
	if len(rq.Content) == 0 {
		return defaultOverlap, nil
	}
	seconds, given, err := jsonapi.DecodeMetaNumber(rq.Content, "overlap", 0, int64(maxOverlap/time.Second))
	if err != nil || !given {
		return defaultOverlap, err
	}
	return time.Duration(seconds) * time.Second, nil
}

// rotateAPIKey answers with the key and its new secret.
func (a *API) rotateAPIKey(w http.ResponseWriter, rq *request) error {
	overlap, err := overlapOf(rq)
	if err != nil {
		return err
	}
	key, err := models.RotateAPIKey(rq.Context(), rq.DB, rq.Caller(), rq.id(), overlap)
	if err != nil {
		return located(err, nil)
	}
	return a.writeOne(w, rq, http.StatusOK, key)
}
