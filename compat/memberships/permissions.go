package memberships

import (
	"slices"

	"roster/models"
)

// common are the words that every client knows. They stand first, in this order.
var common = []string{"read", "write", "admin"}

// permissions returns what roles permit, as clients of the published API know it: applications' words, and those three. The service's own
// are of no meaning to them. The word that stands for all is not known there: it is told as the three.
func permissions(roles []*models.Role) []string {
	var words []string
	for _, r := range roles {
		for _, word := range r.Permissions {
			switch {
			case word == models.EveryScope:
				words = append(words, common...)
			case !models.IsOwnPermission(word):
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	words = slices.Compact(words)
	told := []string{}
	for _, word := range common {
		if slices.Contains(words, word) {
			told = append(told, word)
		}
	}
	for _, word := range words {
		if !slices.Contains(common, word) {
			told = append(told, word)
		}
	}
	return told
}
