package models_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"roster/jsonapi"
	"roster/models"
	"roster/models/collection"
	"roster/models/modelstest"
	"roster/models/store"
)

func TestASlugIsMadeFromTheName(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		for name, want := range map[string]string{
			"Acme Corporation": "acme-corporation", "Zoë & Söhne": "zoe-sohne", "  --A__B--  ": "a-b", "ÅNGSTRÖM": "angstrom",
			"ﬁne": "fine", "①": "1",
			"Weißer Riese": "weisser-riese", "GROẞ": "gross", "Łódź": "lodz", "Ørsted": "orsted", "Đorđe": "dorde", "Æon": "aeon",
			"Þór": "thor", "Œuvre": "oeuvre",
			"Ħamrun": "hamrun", "Işık": "isik", "Əliyev": "eliyev", "Nguyễn": "nguyen", "Москва": "moskva", "Ольга": "olga",
			"Әлем": "alem", "Αθήνα": "athena",
			"東京タワー": "dong-jing-tawa", "서울": "seoul", "العربية": "alarbya", "Zo\u0065\u0308": "zoe", "½ Liter": "1-2-liter", "ａｂｃ": "abc",
			"Ber\u00adlin": "berlin",
			"€uro":         "eur-uro", "100€": "100-eur", "£5shop": "ps-5shop", "B&B": "b-b", "C@fé": "c-fe", "©right": "c-right",
			"№5":      "no-5",
			"5½kg":    "5-1-2-kg",
			"Acme™Co": "acme-tm-co", "Acme®Co": "acme-r-co", "20℃ Bar": "20-degc-bar", "5µm": "5mm", "10×10": "10-x-10", "m²": "m2",
			"¥en": "y-en", "A😀B": "a-b",
			"日本": "ri-ben", "😀": "organization", "\ua732": "organization", "İzmir": "izmir",
			strings.Repeat("x", 200): strings.Repeat("x", 80), strings.Repeat("x", 79) + " y": strings.Repeat("x", 79),
		} {
			org := organization(t, db, name, "")
			if base := regexp.MustCompile(`-[0-9a-z]{8}$`).ReplaceAllString(org.Slug, ""); org.Slug != want && base != want {
				t.Errorf("%q has the slug %q, want %q", name, org.Slug, want)
			}
			if _, wrong := models.Organizations.Schema.Attribute("slug").Decode(org.Slug); wrong != "" {
				t.Errorf("the slug %q of %q, sent back, %s", org.Slug, name, wrong)
			}
		}
	})
}

func TestSlugsAreUnique(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		var creations []func() error
		for range 12 {
			creations = append(creations, func() error {
				_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "Same Name"}, nil))
				return err
			})
		}
		for _, err := range atOnce(creations...) {
			if err != nil {
				t.Errorf("organizations of one name, created at once: %v", err)
			}
		}
		slugs := texts(t, db, "SELECT slug FROM organizations ORDER BY slug")
		if len(slices.Compact(slugs)) != 12 || slugs[0] != "same-name" {
			t.Errorf("slugs %q", slugs)
		}
		chosen := func() error {
			_, err := models.CreateOrganization(t.Context(), db, everything, input(attributes{"name": "x", "slug": "chosen"}, nil))
			return err
		}
		taken := 0
		for _, err := range atOnce(chosen, chosen, chosen) {
			if err != nil {
				wantKind(t, err, store.Conflict, "slug")
				taken++
			}
		}
		if taken != 2 {
			t.Errorf("of three who chose one slug %d were refused", taken)
		}
		other := organization(t, db, "other", "")
		_, err := models.UpdateOrganization(t.Context(), db, everything, other.ID, input(attributes{"slug": "chosen"}, nil))
		wantKind(t, err, store.Conflict, "slug")
		modelstest.CheckConsistency(t, db)
	})
}

func TestAChosenIDIsTakenOnce(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		in := input(attributes{"name": "x"}, nil)
		in.ID = models.NewID()
		create := func() error {
			_, err := models.CreateOrganization(t.Context(), db, everything, in)
			return err
		}
		taken := 0
		for _, err := range atOnce(create, create, create) {
			if err != nil {
				wantKind(t, err, store.Conflict, "id")
				taken++
			}
		}
		if taken != 2 {
			t.Errorf("of three who chose one id %d were refused", taken)
		}
		if err := models.DeleteOrganization(t.Context(), db, everything, in.ID, nil); err != nil {
			t.Fatal(err)
		}
		wantKind(t, create(), store.Conflict, "id") // never reused
		modelstest.CheckConsistency(t, db)
	})
}

func TestTheWebhookSecretFollowsItsURL(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		update := func(id string, a attributes) *models.Organization {
			t.Helper()
			return must(models.UpdateOrganization(t.Context(), db, everything, id, input(a, nil)))(t)
		}
		kept := func(id string) string {
			t.Helper()
			org := must(collection.Find(t.Context(), db, models.Organizations, collection.Everything(), id, nil))(t).(*models.Organization)
			if org.WebhookSecret != nil || org.Token != nil {
				t.Error("a secret is read from the database")
			}
			if org.SealedSecret == nil {
				return ""
			}
			return must(db.Vault().Open(id, org.SealedSecret))(t)
		}
		const url = "https://hooks.example.com/x"
		org := organization(t, db, "x", "")
		if kept(org.ID) != "" || org.WebhookSecret != nil {
			t.Error("a secret without a URL was made")
		}
		with := update(org.ID, attributes{"webhookUrl": url})
		if with.WebhookSecret == nil || !strings.HasPrefix(*with.WebhookSecret, "whsec_") || kept(org.ID) != *with.WebhookSecret {
			t.Errorf("a URL without a secret got %v", with.WebhookSecret)
		}
		same := update(org.ID, attributes{"webhookUrl": url, "webhookSecret": nil})
		if same.WebhookSecret != nil || same.Version != with.Version || kept(org.ID) != *with.WebhookSecret {
			t.Error("sending back what was read changed the secret")
		}
		own := update(org.ID, attributes{"webhookSecret": "my very own secret"})
		if *own.WebhookSecret != "my very own secret" || kept(org.ID) != "my very own secret" {
			t.Errorf("a chosen secret is %v", own.WebhookSecret)
		}
		if gone := update(org.ID, attributes{"webhookUrl": nil}); gone.WebhookURL != nil || kept(org.ID) != "" {
			t.Error("the secret outlives its URL")
		}
		for _, bad := range []string{"whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "whsec_" + strings.Repeat("A", 100)} {
			_, err := models.UpdateOrganization(t.Context(), db, everything, org.ID, input(attributes{"webhookSecret": bad}, nil))
			wantKind(t, err, store.Invalid, "webhookSecret")
		}
	})
}

func TestAChangeThatChangesNothingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	modelstest.EachClock(t, func(t *testing.T, db *store.DB, clock *modelstest.Clock) {
		org, u := organization(t, db, "x", ""), user(t, db, "Ada")
		clock.Advance(1)
		before := texts(t, db, "SELECT COUNT(*) FROM events")
		same := must(models.UpdateOrganization(t.Context(), db, everything, org.ID,
			input(attributes{"name": "x", "isEventProducer": true}, relations{"parent": one("")})))(t)
		sameUser := must(models.UpdateUser(t.Context(), db, everything, u.ID,
			input(attributes{"firstName": "Ada", "active": true}, relations{"organizations": many()})))(t)
		if same.Version != org.Version || !same.UpdatedAt.Equal(org.UpdatedAt.Time) || sameUser.Version != u.Version {
			t.Errorf("versions %d and %d", same.Version, sameUser.Version)
		}
		if after := texts(t, db, "SELECT COUNT(*) FROM events"); !slices.Equal(before, after) {
			t.Errorf("%s events became %s", before, after)
		}
	})
}

// TestAnUpdateThatIsRunAgainIsComparedAgain runs one input twice, as a transaction does that the database refused: what was an echo of what
// is need not be one the second time.
func TestAnUpdateThatIsRunAgainIsComparedAgain(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		parent := organization(t, db, "parent", "")
		child := organization(t, db, "child", parent.ID)
		in := input(attributes{"name": "renamed"}, nil)
		in.Echo = map[string]any{"children": many(child.ID)}
		must(models.UpdateOrganization(t.Context(), db, everything, parent.ID, in))(t)
		organization(t, db, "another child", parent.ID)
		_, err := models.UpdateOrganization(t.Context(), db, everything, parent.ID, in)
		wantKind(t, err, store.ReadOnly, "children")

		ada := user(t, db, "Ada", parent.ID)
		in = input(attributes{"firstName": "Ada Augusta"}, nil)
		in.Echo = map[string]any{"memberships": many(list(t, db, models.Memberships, collection.Everything(), "filter[userId]="+ada.ID)...)}
		must(models.UpdateUser(t.Context(), db, everything, ada.ID, in))(t)
		must(models.CreateMembership(t.Context(), db, everything,
			input(nil, relations{"user": one(ada.ID), "organization": one(child.ID)})))(t)
		_, err = models.UpdateUser(t.Context(), db, everything, ada.ID, in)
		wantKind(t, err, store.ReadOnly, "memberships")
	})
}

func TestAVersionThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		org := organization(t, db, "x", "")
		rename := func() error {
			in := input(attributes{"name": string(jsonapi.String) + models.NewID()}, nil)
			in.Versions = &models.Versions{Listed: []int64{org.Version}}
			_, err := models.UpdateOrganization(t.Context(), db, everything, org.ID, in)
			return err
		}
		done := 0
		for _, err := range atOnce(rename, rename, rename, rename) {
			if err == nil {
				done++
			} else {
				wantKind(t, err, store.PreconditionFailed, "")
			}
		}
		if done != 1 {
			t.Errorf("%d of four changes of one version were made", done)
		}
	})
}

// TestAHundredWriters: nothing is lost, and on SQLite nobody hears that the database is locked.
func TestAHundredWriters(t *testing.T) {
	t.Parallel()
	modelstest.Each(t, func(t *testing.T, db *store.DB) {
		root := organization(t, db, "root", "").ID
		var writers sync.WaitGroup
		for i := range 100 {
			writers.Go(func() {
				org, err := models.CreateOrganization(t.Context(), db, everything,
					input(attributes{"name": fmt.Sprint("n", i)}, below(root)))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err = models.UpdateOrganization(t.Context(), db, everything, org.ID,
					input(attributes{"name": fmt.Sprint("m", i)}, nil)); err != nil {
					t.Error(err)
				}
				if _, err = models.CreateUser(t.Context(), db, everything,
					input(attributes{"firstName": "a"}, relations{"organization": one(org.ID)})); err != nil {
					t.Error(err)
				}
				list(t, db, models.Organizations, collection.Everything(), "filter[parent]="+root)
			})
		}
		writers.Wait()
		page := listPage(t, db, models.Organizations, collection.Everything(), "filter[name][prefix]=m&page[size]=200")
		if len(page.Items) != 100 || page.Total != 100 || page.TotalUnfiltered != 101 {
			t.Errorf("%d of a hundred changes are there, total %d of %d", len(page.Items), page.Total, page.TotalUnfiltered)
		}
		modelstest.CheckConsistency(t, db)
	})
}
