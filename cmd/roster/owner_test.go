package main

import "testing"

// TestACorrectionLeavesTheKeyToWhoReadsIt: following it must not take the file from the program.
func TestACorrectionLeavesTheKeyToWhoReadsIt(t *testing.T) {
	t.Parallel()
	program := fileReader{user: 1000, groups: []int{1000, 27}}
	for _, test := range []struct {
		of   fileOwner
		who  fileReader
		want string
	}{
		{fileOwner{1000, 1000, true}, program, "correct it with: chmod 600 k"},
		{fileOwner{0, 0, true}, fileReader{0, []int{0}}, "correct it with: chmod 600 k"},
		{fileOwner{1000, 1000, true}, fileReader{0, []int{0}}, "correct it with: chmod 600 k"},
		{fileOwner{}, program, "correct it with: chmod 600 k"},
		{fileOwner{33, 33, true}, program, "correct it, as root, with: chown 1000 k && chmod 600 k"},
		{fileOwner{0, 27, true}, program, "correct it, as root, with: chmod 0440 k; this program reads it as a member of its group, 27. " +
			"A Secret of Kubernetes is mounted so with defaultMode: 0440"},
		{fileOwner{0, 0, true}, program, "correct it, as root, with: chgrp 1000 k && chmod 0440 k; this program reads it as a member of " +
			"that group then. A Secret of Kubernetes is mounted so with defaultMode: 0440 and fsGroup"},
	} {
		if got := test.of.correction("k", test.who); got != test.want {
			t.Errorf("a file of %v, read by %v:\n got %s\nwant %s", test.of, test.who, got, test.want)
		}
	}
}
