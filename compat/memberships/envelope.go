package memberships

import (
	"time"

	"roster/jsonapi"
	"roster/models"
)

// envelope is every answer. Its members are always there, and stand in this order.
type envelope struct {
	Status  int          `json:"status"`
	Message string       `json:"message"`
	Data    []membership `json:"data"`
	Session session      `json:"session"`
	Errors  []problem    `json:"errors"`
}

type membership struct {
	ID           string       `json:"id"`
	Organization organization `json:"organization"`
	Role         role         `json:"role"`
	CreatedAt    string       `json:"created_at"`
	UpdatedAt    string       `json:"updated_at"`
}

type organization struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Slug     string `json:"slug"`
	ImageURL string `json:"image_url"`
}

type role struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Permissions []string `json:"permissions"`
}

// session tells of the browser's. Attempts are steps of another way to sign in, of which there are none.
type session struct {
	SignInAttempts []struct{} `json:"signin_attempts"`
	SignIns        []signIn   `json:"signins"`
	SignUpAttempts []struct{} `json:"signup_attempts"`
	ActiveSignIn   *signIn    `json:"active_signin"`
}

type signIn struct {
	ID        string `json:"id"`
	UserID    string `json:"user_id"`
	CreatedAt string `json:"created_at"`
}

type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// nobody is the session of an error.
func nobody() session {
	return session{SignInAttempts: []struct{}{}, SignIns: []signIn{}, SignUpAttempts: []struct{}{}}
}

// second is the form of times.
func second(at jsonapi.Stamp) string { return at.UTC().Format(time.RFC3339) }

// shown returns a membership as it is printed: its id and others behind the name of what they are of, its primary role alone, and what all
// of its roles permit.
func shown(m *models.DirectMembership) membership {
	primary := m.Roles[0]
	name := primary.ID
	if primary.BuiltIn {
		name = primary.Key
	}
	return membership{
		ID: "membership_" + m.ID,
		Organization: organization{
			ID: "org_" + m.Organization.ID, Name: m.Organization.Name, Slug: m.Organization.Slug, ImageURL: m.Organization.LogoURL,
		},
		Role:      role{ID: "role_" + name, Name: primary.Name, Permissions: permissions(m.Roles)},
		CreatedAt: second(m.CreatedAt), UpdatedAt: second(m.UpdatedAt),
	}
}

// shownSession returns a session as it is printed.
func shownSession(signIns []*models.SignIn, active string) session {
	s := nobody()
	for _, one := range signIns {
		if one.UserID == nil {
			continue // a key, which has no session here
		}
		told := signIn{ID: "signin_" + one.ID, UserID: "user_" + *one.UserID, CreatedAt: second(one.CreatedAt)}
		s.SignIns = append(s.SignIns, told)
		if one.ID == active {
			s.ActiveSignIn = &told
		}
	}
	return s
}
