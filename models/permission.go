package models

import (
	"regexp"
	"slices"
	"strings"

	"roster/models/collection"
)

// A permission is a word. The service's own say what may be done to its resources; they are the scopes of keys as well. Every other word is
// an application's: it is kept, inherited and answered alike, and means nothing here.

// subjects are what the service's own words are about, each read and written.
var subjects = []string{"organizations", "users", "memberships", "roles", "invitations", "apiKeys", "events", "webhooks"}

// deleteOrganizations is the one word beside reading and writing: it takes away what others may have below.
const deleteOrganizations = "organizations:delete"

// OwnPermissions returns the service's own words, in order.
func OwnPermissions() []string {
	var words []string
	for _, subject := range subjects {
		words = append(words, subject+":read", subject+":write")
		if subject == "organizations" {
			words = append(words, deleteOrganizations)
		}
	}
	return words
}

// PermissionDoc says in a sentence what one of the service's own words permits, or the one that stands for all; "" for others.
func PermissionDoc(word string) string {
	switch word {
	case EveryScope:
		return "Do everything."
	case deleteOrganizations:
		return "Delete organizations, and move them away from where they are."
	}
	subject, may, _ := strings.Cut(word, ":")
	switch may {
	case "read":
		return subjectDocs[subject][0]
	case "write":
		return subjectDocs[subject][1]
	}
	return ""
}

// subjectDocs says of each subject what reading and what writing it is.
var subjectDocs = map[string][2]string{
	"organizations": {"Read organizations and their files.", "Read and change organizations and their files."},
	"users":         {"Read people and their files.", "Read and change people and their files."},
	"memberships": {"Read who is where and by which roles, and ask what others may do.",
		"Read and change who is where and by which roles: take people in, and let them go."},
	"roles":       {"Read roles.", "Read, make, change and delete roles."},
	"invitations": {"Read invitations.", "Read and send invitations, and take them back."},
	"apiKeys":     {"Read which keys there are.", "Read which keys there are, make, rotate and revoke them."},
	"events":      {"Read what happened.", "Read what happened, which nobody changes."},
	"webhooks": {"Read endpoints of webhooks, what was sent to them, and replays.",
		"Read, make and change endpoints of webhooks, and send again what was sent to them."},
}

// applicationWord matches the words that an application may choose.
var applicationWord = regexp.MustCompile(`^[a-z][a-z0-9._:-]{0,63}$`)

// wordForm says what they look like.
const wordForm = "a small letter, then small letters, digits and . _ : -, 64 characters at most"

// isPermission reports whether a word can be given to a role. The one that stands for all words cannot: it is the owner's alone.
func isPermission(word string) bool {
	return applicationWord.MatchString(word) || isOwn(word)
}

// isOwn reports whether a word is one of the service's own.
func isOwn(word string) bool { return slices.Contains(OwnPermissions(), word) }

// including returns the words that include one: itself, the one that stands for all, and of the service's own words for reading the one for
// writing.
func including(word string) []string {
	words := []string{word, EveryScope}
	if writing := writes[word]; writing != "" {
		words = append(words, writing)
	}
	return words
}

// writes are the service's own words for writing by those for reading the same.
var writes = func() map[string]string {
	words := map[string]string{}
	for _, subject := range subjects {
		words[subject+":read"] = subject + ":write"
	}
	words[deliveriesRead] = deliveriesWrite
	return words
}()

// readings are the words by which people read what a subject stands for.
var readings = func() map[string]collection.Words {
	words := map[string]collection.Words{}
	for _, subject := range subjects {
		words[subject] = including(subject + ":read")
	}
	return words
}()

// reading returns those of one subject, which are not to be changed.
func reading(subject string) collection.Words { return readings[subject] }

// holds reports whether one of some words includes another.
func holds(held []string, word string) bool {
	writing := writes[word]
	return slices.ContainsFunc(held, func(w string) bool { return w == word || w == EveryScope || w == writing && writing != "" })
}
