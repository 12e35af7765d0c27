// Package mail sends what package models has written to people: it claims mails, puts them into words, and hands them to a mail server,
// again and again until that takes them or a day is over. It never decides who gets a mail, or what a link in one does.
//
// A mail is written in the transaction of what it tells of, so it exists if and only if that happened. It can arrive twice: when a server
// takes it and this program ends before it has noted so. Any number of replicas share the work.
package mail
