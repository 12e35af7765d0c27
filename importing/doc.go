// Package importing brings in people whom a file lists, as NDJSON or CSV: it reads the file, says what is wrong with which of its lines,
// and writes the others in short transactions. It knows no rule of people: models.Admit has them, with every event. A file that is read
// again changes nothing of what is there.
package importing
