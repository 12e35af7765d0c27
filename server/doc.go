// Package server is the HTTP that every front door shares: the stages around the routes (request ids, log, metrics, recovery, security
// headers, CORS, compression, bounds), the probes, the limiter, who is admitted, answers that are given again under an Idempotency-Key, and
// conditional requests. A front door ([Door]) adds its routes, the form of its errors, and where it looks for a credential.
package server
