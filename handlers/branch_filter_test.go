package handlers_test

import "testing"

// TestABranchTellsNothingOfWhatIsOutOfSight filters as somebody who reads an organization, and holds other words at one below that they do
// not read.
func TestABranchTellsNothingOfWhatIsOutOfSight(t *testing.T) {
	eachService(t, func(t *testing.T, s *service) {
		f := newFamily(s)
		person, as := s.person("Ada", f.top, s.role(f.top, "reader", 10, "organizations:read", "memberships:read", "users:read"))
		s.member(person, f.branch, s.role(f.branch, "insider", 10, "memberships:read", "users:read", "events:read"))
		s.person("Bob", f.branch)
		as.get("/public/v2/organizations/" + f.branch).want(404)
		for _, path := range []string{"memberships", "users"} {
			seen := as.get("/public/v2/" + path).want(200).ids("data")
			told := as.get("/public/v2/" + path + "?filter[ancestor]=" + f.top).want(200).ids("data")
			if at := as.get("/public/v2/" + path + "?filter[ancestor]=" + f.branch).want(200).ids("data"); len(at) > 0 {
				t.Errorf("of what is out of sight %s has %v", path, at)
			}
			if len(told) != 1 || len(seen) < 2 {
				t.Errorf("of the branch %s has %v, of all %v", path, told, seen)
			}
		}
		if told := as.get("/public/v2/events?filter[ancestor]=" + f.top).want(200).ids("data"); len(told) > 0 {
			t.Errorf("of the branch events are %v", told)
		}
	})
}
