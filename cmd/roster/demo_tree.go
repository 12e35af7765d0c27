package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"roster/jsonapi"
	"roster/models"
)

// demo makes data that depends on nothing but its numbers and its seed: not on the clock, not on what is in the database.
type demo struct {
	organizations, users int
	// mark ends every slug, so that the data of two runs never meet.
	mark string
	key  uint64 // what the random choices are made from

	trees, madeOrganizations, madeUsers, logos int
	now                                        time.Time // when the next organization was created

	// cast are the people who can sign in, from the first batch on; nil if there are too few people for that.
	cast *cast
}

// The demo's organizations were created between these two.
var (
	demoBegin = time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC)
	demoEnd   = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func makeDemo(organizations, users, seed int) *demo {
	sum := fnv.New64a()
	fmt.Fprint(sum, organizations, users, seed)
	key := sum.Sum64()
	return &demo{organizations: organizations, users: users, key: key, mark: strconv.FormatUint(key%(1<<31), 36), now: demoBegin}
}

// next returns the next whole trees, or nil after the last one.
func (d *demo) next() *models.Batch {
	if d.madeOrganizations == d.organizations {
		return nil
	}
	batch, first := &models.Batch{Roles: map[string][]string{}}, d.trees == 0
	var grown []grownTree
	for d.madeOrganizations < d.organizations && len(batch.Organizations)+len(batch.Users) < batchOfTheDemo {
		organizations, users := len(batch.Organizations), len(batch.Users)
		d.tree(batch)
		grown = append(grown, grownTree{batch.Organizations[organizations:], batch.Users[users:]})
	}
	if first {
		if d.cast = castFrom(batch, grown); d.cast != nil {
			d.cast.key = d.key
			d.addLogosOfTheCast(batch)
		}
	}
	return batch
}

// The shape of a tree.
const (
	maxTree   = 40 // organizations
	maxLevels = 4
)

// tree adds one company with all below it and its share of the people. Its choices are a sequence of their own.
func (d *demo) tree(batch *models.Batch) {
	t := &demoTree{demo: d, batch: batch, first: len(batch.Organizations), people: map[string]int{},
		rand: rand.New(rand.NewPCG(d.key, uint64(d.trees)))} //nolint:gosec // the same seed gives the same data
	d.trees++
	t.region = regions[t.rand.IntN(len(regions))]
	size := min(1+t.rand.IntN(maxTree), d.organizations-d.madeOrganizations)
	for range size {
		t.addOrganization()
	}
	people := int(int64(d.users)*int64(d.madeOrganizations)/int64(d.organizations)) - d.madeUsers
	for n := range people {
		t.addUser(n)
	}
	t.addLogo()
}

// demoTree is a tree while it grows.
type demoTree struct {
	*demo
	batch  *models.Batch
	people map[string]int // by organization
	rand   *rand.Rand
	region region
	first  int   // index of the company in the batch
	levels []int // of each organization of the tree, from 0
	domain string
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance is true that many times in a hundred.
func (t *demoTree) chance(percent int) bool { return t.rand.IntN(100) < percent }

func (t *demoTree) addOrganization() {
	t.now = t.now.Add(demoEnd.Sub(demoBegin) / time.Duration(t.organizations))
	created := t.now.Truncate(time.Second)
	org := &models.Organization{
		ID: t.id(created), CreatedAt: jsonapi.Stamp{Time: created},
		UpdatedAt:       jsonapi.Stamp{Time: created.Add(t.upTo(90 * 24 * time.Hour))},
		IsEventProducer: t.chance(60), LocationTracking: t.chance(20), Version: 1,
	}
	if len(t.levels) == 0 {
		org.Kind = "company"
		org.Name = pick(t.rand, companyFirst) + " " + pick(t.rand, companySecond) + " " + t.region.suffix
		t.levels = append(t.levels, 0)
	} else {
		t.placeBelow(org)
	}
	org.Slug = slug(org.Name) + "-" + t.mark + "-" + strconv.FormatInt(int64(t.madeOrganizations), 36)
	if len(t.levels) == 1 {
		t.domain = org.Slug + ".example" // RFC 2606: nobody ever receives mail there
	}
	if t.chance(40) {
		text := pick(t.rand, descriptions)
		org.Description = &text
	}
	t.limitValidity(org, created)
	t.batch.Organizations = append(t.batch.Organizations, org)
	t.madeOrganizations++
}

// placeBelow gives an organization a parent of its tree, and the kind and the name that suit it there.
func (t *demoTree) placeBelow(org *models.Organization) {
	above := t.rand.IntN(len(t.levels))
	for t.levels[above] == maxLevels-1 {
		above = t.rand.IntN(len(t.levels)) // the company has room
	}
	parent := t.batch.Organizations[t.first+above]
	org.ParentID = &parent.ID
	t.levels = append(t.levels, t.levels[above]+1)
	brand, _, _ := strings.Cut(t.batch.Organizations[t.first].Name, " ")
	org.Kind = pick(t.rand, kindsAt[t.levels[above]])
	switch org.Kind {
	case "subsidiary":
		org.Name = brand + " " + pick(t.rand, regions).country
	case "branch":
		org.Name = brand + " " + pick(t.rand, t.region.cities)
	case "project":
		org.Name = pick(t.rand, projectFirst) + " " + pick(t.rand, projectSecond)
	case "partner", "client", "supplier":
		org.Name = pick(t.rand, companyFirst) + " " + pick(t.rand, companySecond) + " " + t.region.suffix
	default:
		org.Name = brand + " " + pick(t.rand, departments)
	}
}

// kindsAt are the kinds of organizations below one of that level.
var kindsAt = [maxLevels - 1][]string{
	{"subsidiary", "subsidiary", "branch", "partner", "supplier", "other"},
	{"branch", "branch", "project", "client", "other"},
	{"project", "project", "client", "other"},
}

// limitValidity lets one organization in four have a validity, and some of those be over or not begun.
func (t *demoTree) limitValidity(org *models.Organization, created time.Time) {
	day := func(at time.Time) *jsonapi.Time { return &jsonapi.Time{Time: at.Truncate(24 * time.Hour)} }
	switch n := t.rand.IntN(100); {
	case n < 8: // over
		org.ValidFrom, org.ValidTo = day(created.AddDate(-1, 0, 0)), day(created.AddDate(0, 0, 1+t.rand.IntN(300)))
	case n < 11: // not begun
		org.ValidFrom = day(time.Date(2060, 1, 1, 0, 0, 0, 0, time.UTC).Add(t.upTo(3650 * 24 * time.Hour)))
	case n < 25:
		org.ValidFrom = day(created)
		org.ValidTo = day(time.Date(2080, 1, 1, 0, 0, 0, 0, time.UTC).Add(t.upTo(3650 * 24 * time.Hour)))
	}
}

func (t *demoTree) upTo(d time.Duration) time.Duration {
	return time.Duration(t.rand.Int64N(int64(d))).Truncate(time.Second)
}

// addUser adds the n-th person of the tree, a member of one of its organizations, or of two. The first one owns it.
func (t *demoTree) addUser(n int) {
	first, last := pick(t.rand, t.region.first), pick(t.rand, t.region.last)
	email := slug(first) + "." + slug(last) + strconv.Itoa(n+1) + "@" + t.domain
	tree := t.batch.Organizations[t.first:]
	home := t.rand.IntN(len(tree))
	if n == 0 {
		home = 0
	}
	created := tree[home].CreatedAt.Add(t.upTo(200 * 24 * time.Hour))
	user := &models.User{
		ID: t.id(created), CreatedAt: jsonapi.Stamp{Time: created},
		UpdatedAt: jsonapi.Stamp{Time: created.Add(t.upTo(90 * 24 * time.Hour))},
		FirstName: &first, LastName: &last, Email: &email, TimeZone: &t.region.zone, Locale: &t.region.locale,
		Active: !t.chance(7) || n == 0, Version: 1,
	}
	if t.chance(70) {
		phone := fmt.Sprintf("%s %d %03d %02d %02d", t.region.phone, 20+t.rand.IntN(70), t.rand.IntN(1000),
			t.rand.IntN(100), t.rand.IntN(100))
		user.Phone = &phone
	}
	if t.chance(30) {
		external := fmt.Sprintf("E-%06d", t.rand.IntN(1_000_000))
		user.ExternalID = &external
	}
	t.batch.Users = append(t.batch.Users, user)
	t.madeUsers++
	t.join(tree[home], user)
	if second := t.rand.IntN(len(tree)); second != home && t.chance(15) {
		t.join(tree[second], user)
	}
}

func (t *demoTree) join(org *models.Organization, user *models.User) {
	m := &models.Membership{
		ID: t.id(user.CreatedAt.Time), CreatedAt: user.CreatedAt, UpdatedAt: user.CreatedAt,
		OrganizationID: org.ID, UserID: user.ID, Version: 1,
	}
	t.batch.Memberships = append(t.batch.Memberships, m)
	t.batch.Roles[m.ID] = []string{roleOf(org, t.people[org.ID])}
	t.people[org.ID]++
}

// roleOf returns the role of the n-th person of an organization.
func roleOf(org *models.Organization, n int) string {
	switch {
	case n == 0 && org.ParentID == nil:
		return models.RoleOwner
	case n == 0:
		return models.RoleManager
	case n == 1:
		return models.RoleAdmin
	case n%5 == 0:
		return models.RoleViewer
	default:
		return models.RoleMember
	}
}

// id returns the UUIDv7 (RFC 9562 §5.7) of that moment, with the random bits of the tree.
func (t *demoTree) id(at time.Time) string { return idAt(t.rand, at) }

func idAt(r *rand.Rand, at time.Time) string {
	var id uuid.UUID
	ms := uint64(at.UnixMilli())<<16 | 0x7000 | r.Uint64()&0x0fff
	rest := r.Uint64()&^(3<<62) | 2<<62
	for i := range 8 {
		id[i], id[8+i] = byte(ms>>(56-8*i)), byte(rest>>(56-8*i))
	}
	return id.String()
}

// slug returns the ASCII form of a name of the lists below.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == ' ' || r == '-':
			return '-'
		default:
			return -1
		}
	}, plain.Replace(strings.ToLower(name))), "-")
}

// plain spells the letters of the lists below without marks.
var plain = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "ç", "c", "ñ", "n", "á", "a", "à", "a", "í", "i",
	"ó", "o", "ò", "o", "ú", "u", "ã", "a", "å", "a", "ø", "o", "æ", "ae", "ë", "e", "ï", "i", "â", "a", "ô", "o", "î", "i")
