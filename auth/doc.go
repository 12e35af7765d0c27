// Package auth decides who is calling and what they may do. Its decisions are pure; it never writes an answer.
package auth
