package authzen

import (
	"net/http"

	"roster/server"
)

// announced is what the service says of itself (§9.1 of the specification).
type announced struct {
	Point       string `json:"policy_decision_point"`
	Evaluation  string `json:"access_evaluation_endpoint"`
	Evaluations string `json:"access_evaluations_endpoint"`
	Subjects    string `json:"search_subject_endpoint"`
	Resources   string `json:"search_resource_endpoint"`
	Actions     string `json:"search_action_endpoint"`
}

// configuration answers with where everything is. Clients compare the base with the URL that they asked at.
func configuration(_ http.ResponseWriter, rq *server.Request) (server.Serve, error) {
	at := server.ExchangeOf(rq.Context()).Base
	return func(w http.ResponseWriter) error {
		return write(w, announced{
			at, at + evaluationPath, at + evaluationsPath,
			at + searchPath + "subject", at + searchPath + "resource", at + searchPath + "action",
		})
	}, nil
}
