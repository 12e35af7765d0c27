package handlers_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/models/modelstest"
	"roster/webhooks/webhookstest"
)

// tally puts down what a worker would have: so many good answers within 20 milliseconds and 3 seconds, and failures.
func (s *service) tally(hook string, at time.Time, fast, slow, failed int) {
	s.t.Helper()
	s.exec(`INSERT INTO webhook_tallies (webhook_id, began_at, delivered, failed, ms_20, ms_3000) VALUES (?, ?, ?, ?, ?, ?)`,
		hook, at, fast+slow, failed, fast, slow)
}

// step is a bucket of a series.
func step(at string, delivered, failed float64, p50, p99 any) object {
	return object{"at": at, "delivered": delivered, "failed": failed, "p50": p50, "p99": p99}
}

func TestASeriesTellsHowAnEndpointDid(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, clock *modelstest.Clock) {
		org, token := s.organization("Acme")
		hook := s.hook(org, nil).want(201).text("data", "id")
		other := s.hook(org, nil).want(201).text("data", "id")
		half := clock.Now().Truncate(30 * time.Minute) // 10:30
		s.tally(hook, half, 8, 2, 1)
		s.tally(hook, half.Add(-time.Hour), 0, 0, 3)
		s.tally(hook, half.Add(-25*time.Hour), 5, 0, 0)
		s.tally(other, half, 100, 0, 0)
		path := hooksPath + "/" + hook + "/series"

		day := s.as(token).get(path).want(200)
		if day.text("data", "type") != "series" || day.text("data", "links", "self") != path ||
			day.text("data", "attributes", "since") != "2024-08-19T10:30:00+00:00" ||
			day.text("data", "attributes", "until") != "2024-08-20T11:00:00+00:00" || day.json("data", "attributes", "step") != 1800.0 {
			t.Errorf("the last day: %.400s", day.Body)
		}
		buckets := day.json("data", "attributes", "buckets").([]any)
		if len(buckets) != 49 {
			t.Fatalf("a day has %d steps", len(buckets))
		}
		if diff := cmp.Diff([]any{
			step("2024-08-20T09:30:00+00:00", 0, 3, nil, nil), step("2024-08-20T10:00:00+00:00", 0, 0, nil, nil),
			step("2024-08-20T10:30:00+00:00", 10, 1, 18.125, 2950.0),
		}, buckets[46:]); diff != "" {
			t.Errorf("the last steps (-want +got):\n%s", diff)
		}

		longer := s.get(path + "?filter[step]=3600&filter[since]=2024-08-20T09:59:00Z&filter[until]=2024-08-20T10:00:00%2B00:00").want(200)
		hour := []any{step("2024-08-20T09:00:00+00:00", 0, 3, nil, nil)}
		if diff := cmp.Diff(any(hour), longer.json("data", "attributes", "buckets")); diff != "" {
			t.Errorf("one hour (-want +got):\n%s", diff)
		}
		if self := longer.text("data", "links", "self"); !strings.Contains(self, "step%5D=3600") || !strings.HasPrefix(self, path+"?") {
			t.Errorf("it is at %s", self)
		}
		again := s.get(longer.text("data", "links", "self")).want(200)
		if string(again.Body) != string(longer.Body) || again.Header.Get("ETag") != longer.Header.Get("ETag") {
			t.Errorf("at its own link it is\n%s, not\n%s", again.Body, longer.Body)
		}
		all := s.get(path + "?filter[since]=2020-01-01T00:00:00Z&filter[until]=2030-01-01T00:00:00Z").want(200)
		if n := len(all.json("data", "attributes", "buckets").([]any)); n > 200 || n < 150 ||
			!strings.HasPrefix(all.text("data", "attributes", "since"), "2024-07-2") {
			t.Errorf("all that is kept is %d steps from %s", n, all.text("data", "attributes", "since"))
		}
		whole := s.get(path + "?filter[since]=2020-01-01T00:00:00Z&filter[step]=2592000").want(200)
		total := 0.0
		for _, b := range whole.json("data", "attributes", "buckets").([]any) {
			total += b.(object)["delivered"].(float64)
		}
		if total != 15 {
			t.Errorf("all in all %v were delivered", total)
		}
		if got := s.get(hooksPath+"/"+hook).want(200).json("data", "attributes", "health").(object); got["latencyP50"] != 18.125 ||
			got["latencyP99"] != 2950.0 {
			t.Errorf("the health is %v", got)
		}
		clock.Advance(25 * time.Hour)
		if got := s.get(hooksPath).want(200).json("data", 0, "attributes", "health").(object); got["latencyP50"] != nil {
			t.Errorf("a day later the health is %v", got)
		}
	})
}

func TestASeriesThatCannotBeToldSaysWhy(t *testing.T) {
	eachHooks(t, func(t *testing.T, s *service, _ *modelstest.Clock) {
		org, _ := s.organization("Acme")
		path := hooksPath + "/" + s.hook(org, nil).want(201).text("data", "id") + "/series"
		for query, want := range map[string]string{
			"filter[step]=1799":                "filter[step]",
			"filter[step]=0":                   "filter[step]",
			"filter[step]=-1800":               "filter[step]",
			"filter[step]=1800.0":              "filter[step]",
			"filter[step]=9223372036854775808": "filter[step]",
			"filter[step]=2147481000":          "filter[step]",
			"filter[step]=":                    "filter[step]",
			"filter[step]=2594400":             "filter[step]",
			"filter[step]=1800&filter[since]=2024-08-15T00:00:00Z":                      "filter[step]",
			"filter[since]=2024-08-20T10:45:08Z":                                        "filter[since]",
			"filter[since]=2034-01-01T00:00:00Z":                                        "filter[since]",
			"filter[since]=yesterday":                                                   "filter[since]",
			"filter[until]=2024-01-01T00:00:00Z":                                        "filter[until]",
			"filter[since]=2024-08-20T00:00:00Z&filter[until]=2024-08-19T00:00:00Z":     "filter[since]",
			"filter[since]=2024-08-20T00:00:00Z&filter[since][eq]=2024-08-20T01:00:00Z": "filter[since][eq]",
			"filter[since][gt]=2024-08-20T00:00:00Z":                                    "filter[since][gt]",
			"sort=at":                                                                   "sort",
			"sort=id":                                                                   "sort",
			"filter[id]=1":                                                              "filter[id]",
			"page[size]=1":                                                              "page[size]",
			"filter[at]=1":                                                              "filter[at]",
			"include=webhook":                                                           "include",
			"since=1":                                                                   "since",
		} {
			escaped := strings.NewReplacer("[", "%5B", "]", "%5D").Replace(query)
			if e := s.get(path + "?" + escaped).want(400).errors()[0]; e.Parameter != want {
				t.Errorf("%s: the error is of %q, want %q", query, e.Parameter, want)
			}
		}
		s.get(hooksPath + "/" + missingID + "/series").want(404)
		s.get(path + "?filter%5Bstep%5D=1800&filter%5Bsince%5D=" + url.QueryEscape("2024-08-16T07:00:00+00:00")).want(200)
		s.key0("events:read").send("GET", path, nil).want(403)
		s.key0("webhooks:read").send("GET", path, nil).want(200)
		_, token := s.organization("Other")
		s.as(token).send("GET", path, nil).want(404)
	})
}

// TestWhatWasSentIsInTheSeriesAtOnce has a worker that sends.
func TestWhatWasSentIsInTheSeriesAtOnce(t *testing.T) {
	eachAllowing(t, []string{"127.0.0.0/8"}, func(t *testing.T, s *service, _ *modelstest.Clock) {
		d := newDispatch(s, asItIs)
		good, bad := webhookstest.NewReceiver(t), webhookstest.NewReceiver(t, webhookstest.Status(500))
		org, _ := s.organization("Acme")
		for receiver, want := range map[*webhookstest.Receiver]object{
			good: {"delivered": 1.0, "failed": 0.0}, bad: {"delivered": 0.0, "failed": 1.0},
		} {
			hook := s.hook(org, object{"url": receiver.URL(), "eventTypes": []string{"user.created"}}).want(201).text("data", "id")
			s.attempted(s.do("POST", hooksPath+"/"+hook+"/test", nil).want(202).text("data", "id"))
			d.received(receiver, 1)
			buckets := s.get(hooksPath+"/"+hook+"/series").want(200).json("data", "attributes", "buckets").([]any)
			last := buckets[len(buckets)-1].(object)
			p50, measured := last["p50"].(float64)
			p99, _ := last["p99"].(float64)
			if last["delivered"] != want["delivered"] || last["failed"] != want["failed"] || p50 > p99 ||
				measured != (want["delivered"] == 1.0) {
				t.Errorf("the last step is %v, want %v", last, want)
			}
			health := s.get(hooksPath+"/"+hook).want(200).json("data", "attributes", "health").(object)
			if health["latencyP50"] != last["p50"] || health["latencyP99"] != last["p99"] {
				t.Errorf("the health is %v, the last step %v", health, last)
			}
		}
	})
}
