// Command roster serves organizations, the people in them and what they may do.
//
// main is a shell around run, which the tests call too. The settings are one table (settings.go), app.go opens, wires, starts and stops,
// and every command is a file of its own.
package main
