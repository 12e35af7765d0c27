// Package signin is the front door through which people sign in with a provider of OpenID Connect: /auth/{provider} sends a browser there,
// and /auth/{provider}/callback takes it back, as whom the provider says that it is (authorization code with PKCE, OpenID Connect Core
// 1.0).
//
// It proves who somebody is at a provider, and nothing else: which user that is, and what a session is, is said in package models. What a
// sign-in under way has to remember is in a sealed cookie of the browser that began it, so that no request of a stranger leaves a trace
// here.
package signin
