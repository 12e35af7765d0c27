// Package webhooks delivers the events that package models has recorded: each to every endpoint that wants it, at least once,
// signed per Standard Webhooks, and so that one slow or dead receiver delays nobody else. It never writes a resource and never
// decides who may see one.
//
// # The path of one delivery
//
//	capture    in the transaction of the change: one event. It exists if and only if the change committed.
//	   │
//	numbering  the event gets its position and its sequence within the organization, once its change has committed
//	   │
//	fan-out    a body is rendered once for the endpoints of each organization that gets it (Envelope), of what that organization
//	   │       sees, and the event becomes one delivery for each endpoint that subscribes to its type (Subscribes) → pending
//	claim      lanes whose turn it is are leased, the longest waiting first, as far as there is room for their kind and their
//	   │       organization (budget), and a few due deliveries are taken from each. A lane is one endpoint; after its turn it
//	   │       goes behind the others.
//	send       one HTTP exchange (Sender), signed with every live secret (Sign), to an address that is permitted (target.Rules)
//	   │
//	settle     judge turns the Result into a Verdict and the next state of the Lane; attempt, delivery and lane are
//	   │       written in one transaction, if the lease is still ours
//	   │          2xx                                                                                         → succeeded
//	   │          anything else, attempts left: due again when the Schedule or Retry-After says               → pending
//	   │          anything else, none left                                                                    → failed
//	   │          the receiver asked to abort, or the endpoint is gone                                        → cancelled
//	wake-up    whoever waits for the next turn is told; a poll finds it if the notification was lost
//
// What failed is kept and can be replayed. The deliveries of a disabled endpoint stay pending and go out when it is enabled again.
//
// # Whose a lane is
//
// A lane is leased by one worker at a time, under a token that is new with each lease. Deliveries carry no mark of their own: who holds
// the lane sends them, and every write asks for the token, so that a worker that stalled past its lease writes nothing. A fan-out leases
// the lanes that no worker holds and hands what it has just inserted straight to the loop, with what it has read of the endpoints beside
// that, so that an idle system sends after one transaction and writes after another.
//
// # Order
//
// Events are numbered by one replica at a time, in the order of the queue, and the queue is in the order of the changes to any one
// resource, because the ordinal is taken while the resource is locked. Fan-out is done by one replica at a time, too, in the order of the
// numbers. When more events wait than fit into a batch, it takes a share of each organization in turn: the burst of one does not delay the
// few events of the others. The order between organizations is therefore open, also for an endpoint that gets the events of a subtree.
//
// An endpoint that asks for order (models.OrderFIFO, models.OrderPerEntity) has deliveries with an order key. Only the first delivery of
// each key has a time at which it is due; whoever finishes it gives the next one its time.
//
// # What holds for every attempt
//
// The webhook-id and the body are the same on every attempt; the timestamp and the signatures are new. There is one deadline for the
// whole exchange. Redirects are failures. The address is checked when it is dialled, after DNS. Response headers and bodies are read
// up to a bound and not decompressed.
//
// # What holds for every lane
//
// A lane has a cap on attempts at once: it starts at one, grows by one with each clean window and halves on timeouts, 429 and 5xx.
// Lanes in probation share a quarter of all slots, those that were never answered another one, and of either, and of all slots, no
// organization takes more than it leaves free. A lane that may not start for as long as others hang is not held. While the breaker of a
// lane is open, one attempt at a time probes it, and the other deliveries keep their place and their attempts. Shutdowns and shortages
// on this side count against no lane.
//
// # What is in memory
//
// A step costs what it sends, not what waits. A batch of the fan-out is bounded by its deliveries (batching), a fetch by lanes, deliveries
// and bytes, the queue of a lane by the attempts it can come to at once. Bodies are kept once for each event, up to a number of bytes, and
// read again when they are to be sent and are no longer there.
//
// # What decides
//
// The loop decides, from state that only its goroutine touches. Each decision is a pure function or a type without I/O, with a table test:
// judge, Lane, Schedule, turn, rotation, claims, choose, shares, unwritten, era and known, batching, target.Rules. Sockets and databases
// are elsewhere: statements in package webhooks/queue.
package webhooks
