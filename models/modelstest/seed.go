package modelstest

import (
	"hash/fnv"
	"math/rand/v2"
	"os"
	"testing"
)

// Rand returns the random numbers of a test, which says their seed when it fails. They are new ones each time it runs, unless ROSTER_SEED
// is set: whoever runs the test by the same name with the same text gets the same numbers. ".ci/run" sets it to the commit, so that each
// commit tries other cases and what was found on one can be found again.
func Rand(t testing.TB) *rand.Rand {
	t.Helper()
	if os.Getenv("ROSTER_SEED") == "" {
		return Seeded(t, rand.Uint64())
	}
	return Seeded(t, hashed(t))
}

// hashed returns a number that is the same for a test with the same ROSTER_SEED.
func hashed(t testing.TB) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(os.Getenv("ROSTER_SEED") + " " + t.Name()))
	return h.Sum64()
}

// OneOf returns one of several cases that are alike and take minutes each, if ROSTER_SEED is set, which chooses it, and else all of them.
func OneOf[T any](t testing.TB, cases []T) []T {
	t.Helper()
	if os.Getenv("ROSTER_SEED") == "" {
		return cases
	}
	return chosen(t, cases)
}

// chosen returns the one of several cases that the name of a test and ROSTER_SEED choose.
func chosen[T any](t testing.TB, cases []T) []T {
	i := hashed(t) >> 32 % uint64(len(cases)) // the upper bits: the lowest one is hardly mixed
	return cases[i:][:1]
}

// Seeded returns the random numbers of a seed that a test has said: put it in the place of [Rand] to see a failure again.
func Seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("with the random numbers of modelstest.Seeded(t, %d)", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}
