// Package queue is what the delivery of events says to the databases: the statements that take events out of the queue, make deliveries of
// them, lease lanes, find what is due, write what became of it, replay, and remove what is old.
//
// It decides nothing: what an endpoint is, who may direct it and what its organization sees of an event is said by package models, and what
// becomes of a lane and a delivery by package webhooks.
package queue
