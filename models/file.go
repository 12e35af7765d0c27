package models

import (
	"context"
	"fmt"
	"reflect"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// File is a picture: the logo of an organization, or one that it may take; or the same of a user. It is never changed, only replaced.
type File struct {
	ID                 string         `gorm:"column:id;primaryKey" jsonapi:"primary,files" doc:"A picture of an organization or of a user: PNG, JPEG, GIF or WebP." example:"01912f6a-8c00-7abc-8def-0123456789ab"`
	CreatedAt          jsonapi.Stamp  `gorm:"column:created_at;autoCreateTime:false" jsonapi:"attr,createdAt" rule:"readonly,sort" doc:"When it was uploaded." example:"2024-08-20T10:45:07+00:00"`
	Number             int64          `gorm:"column:number;->" jsonapi:"attr,number" rule:"readonly,sort" doc:"A short number, unique and never reused." example:"42"`
	FileType           string         `gorm:"-" jsonapi:"attr,fileType" rule:"readonly" doc:"What kind of file it is: Image." example:"Image"`
	FileName           string         `gorm:"column:file_name" jsonapi:"attr,fileName" rule:"readonly,filter" doc:"What it was called where it came from, without a path." example:"logo.png"`
	ContentType        string         `gorm:"column:content_type" jsonapi:"attr,contentType" rule:"readonly,filter" doc:"What it is, as its bytes say." example:"image/png"`
	Size               int64          `gorm:"column:size" jsonapi:"attr,size" rule:"readonly,filter" doc:"How many bytes it has." example:"4870"`
	Width              int64          `gorm:"column:width" jsonapi:"attr,width" rule:"readonly,filter" doc:"How many pixels it is wide." example:"512"`
	Height             int64          `gorm:"column:height" jsonapi:"attr,height" rule:"readonly,filter" doc:"How many pixels it is high." example:"512"`
	SHA256             string         `gorm:"column:sha256" jsonapi:"attr,sha256" rule:"readonly,filter" doc:"The SHA-256 of its bytes, in hexadecimal." example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
	SignedURL          *string        `gorm:"-" jsonapi:"attr,signedUrl" rule:"readonly,fleeting" doc:"Where its bytes are read for a while, without a credential; with &size=64, 128 or 256 the middle of it as a square PNG. It is another at each reading. Events have null."`
	SignedURLExpiresAt *jsonapi.Stamp `gorm:"-" jsonapi:"attr,signedUrlExpiresAt" rule:"readonly,fleeting" doc:"Until when."`

	OrganizationID *string `gorm:"column:organization_id"`
	UserID         *string `gorm:"column:user_id"`
}

// TableName implements GORM's Tabler.
func (File) TableName() string { return "files" }

// image is the one type of file there is.
const image = "Image"

func defineFiles(c *collection.Collection) {
	*c = collection.Collection{
		Schema: jsonapi.ForModel(File{}), Table: "files", Model: reflect.TypeFor[File](), Number: "number",
		Visible: visibleFiles,
		Live: "(files.organization_id IS NULL OR EXISTS (SELECT 1 FROM organizations fo " +
			"WHERE fo.id = files.organization_id AND fo.deleted_at IS NULL))",
		Order: []string{"files.created_at", "files.id"},
		Filters: map[string]collection.Filter{
			"organizationId": collection.ByID("files.organization_id"),
			"userId":         collection.ByID("files.user_id"),
		},
		Complete: func(_ *store.DB, model any) error {
			model.(*File).FileType = image
			return nil
		},
		Tell: signFiles,
	}
	declare(c, declaration{
		called:   []string{"fileName"},
		tells:    []told{{created, "A file was uploaded."}, {deleted, "A file was deleted: nothing points at it any more."}},
		follows:  []string{"organizations", "users"},
		recorded: []Invariant{withoutCreation("files", "file.created")},
		invariants: []Invariant{
			{"a logo that is no file of its organization", `SELECT o.id FROM organizations o JOIN files f ON f.id = o.logo_id
				WHERE f.organization_id IS NULL OR f.organization_id <> o.id`},
			{"an avatar that is no file of its user", `SELECT u.id FROM users u JOIN files f ON f.id = u.avatar_id
				WHERE f.user_id IS NULL OR f.user_id <> u.id`},
			{"more files than there can be", fmt.Sprintf(`SELECT CAST(COALESCE(organization_id, user_id) AS text) FROM files
				GROUP BY organization_id, user_id HAVING COUNT(*) > %d`, MaxFiles)},
			{"a file whose bytes are to be removed", `SELECT id FROM files WHERE CAST(id AS text) IN (SELECT key FROM blob_deletions)`},
		},
	})
	c.Schema.Filters = []jsonapi.Filter{
		{Name: "organizationId", Kind: jsonapi.String, Doc: "Files of that organization."},
		{Name: "userId", Kind: jsonapi.String, Doc: "Files of that user."},
	}
}

func relateFiles(c *collection.Collection) {
	c.Relate(jsonapi.Relationship{Name: "organization", ReadOnly: true, Doc: "The organization whose file it is; null for that of a user."},
		collection.Relation{Target: Organizations, Column: "organization_id", Evident: true, Lasting: true})
	c.Relate(jsonapi.Relationship{Name: "user", ReadOnly: true, Doc: "The user whose file it is; null for that of an organization."},
		collection.Relation{Target: Users, Column: "user_id", Evident: true, Lasting: true})
}

// visibleFiles returns the condition that a scope sees the organization, or the user, whose file one is.
func visibleFiles(s collection.Scope) collection.Where {
	if s.All() && s.Holds(reading("organizations")) && s.Holds(reading("users")) {
		return collection.Always()
	}
	organizations, users := collection.Never(), collection.Never()
	if s.Holds(reading("organizations")) {
		organizations = collection.Both(collection.Condition("files.organization_id IS NOT NULL"),
			s.Within(reading("organizations"), "files.organization_id"))
	}
	if s.Holds(reading("users")) {
		and, args := collection.Conjunction(visibleUsers(s))
		users = collection.Condition("EXISTS (SELECT 1 FROM users WHERE users.id = files.user_id"+and+")", args...)
	}
	return collection.Condition("(("+organizations.SQL+") OR ("+users.SQL+"))", append(append([]any{}, organizations.Args...),
		users.Args...)...)
}

// FileOwner is whose a file is: an organization's, or a user's.
type FileOwner struct{ Organization, User string }

// ownerOf returns whose a file is.
func ownerOf(f *File) FileOwner { return FileOwner{deref(f.OrganizationID), deref(f.UserID)} }

// id returns the id of the one that it is.
func (o FileOwner) id() string { return o.Organization + o.User }

// lock locks the owner, if the caller may change it. The error is of kind NotFound for what the caller does not see, and Forbidden for what
// it may not change: there is no right to files apart from that.
func (o FileOwner) lock(ctx context.Context, tx *store.DB, by Caller) (*Organization, *User, error) {
	if o.User != "" {
		user, err := lock[User](ctx, tx, Users, by.Scope, o.User)
		if err != nil {
			return nil, nil, err
		}
		return nil, user, mayWriteProfile(ctx, tx, by, o.User)
	}
	org, err := lockLive[Organization](ctx, tx, Organizations, by.Scope, o.Organization)
	if err != nil {
		return nil, nil, err
	}
	return org, nil, by.may(ctx, tx, o.Organization, "organizations:write")
}

// organizations returns those that are told of files of the owner.
func (o FileOwner) organizations(ctx context.Context, tx *store.DB) ([]string, error) {
	if o.User == "" {
		return []string{o.Organization}, nil
	}
	return membershipOrganizations(ctx, tx, collection.Everything(), o.User)
}

// MaxFiles is how many files an organization, or a user, can have.
const MaxFiles = 20

// checkRoom makes sure that an owner, whose row is locked, can have one more file.
func (o FileOwner) checkRoom(ctx context.Context, tx *store.DB) error {
	column := map[bool]string{true: "user_id", false: "organization_id"}[o.User != ""]
	var n int64
	if err := tx.Session(ctx).Raw(`SELECT COUNT(*) FROM files WHERE `+column+` = ?`, o.id()).Scan(&n).Error; err != nil {
		return fmt.Errorf("count files: %w", err)
	}
	if n >= MaxFiles {
		return &store.Error{Kind: store.Conflict, Message: fmt.Sprintf("At most %d files are kept. Delete one first.", MaxFiles)}
	}
	return nil
}

// CreateFile makes a file of what was staged. It fails with the kinds NotFound, Forbidden, and Conflict for more files than there can be.
func CreateFile(ctx context.Context, db *store.DB, by Caller, staged *StagedFile) (*File, error) {
	return store.Resulting(ctx, db, func(tx *store.DB) (*File, error) {
		f := staged.file
		owner := ownerOf(&f)
		if _, _, err := owner.lock(ctx, tx, by); err != nil {
			return nil, err
		}
		if err := owner.checkRoom(ctx, tx); err != nil {
			return nil, err
		}
		kept, err := claimBlob(ctx, tx, f.ID)
		if err != nil {
			return nil, err
		}
		if !kept {
			return nil, &store.Error{Kind: store.Conflict, Message: "The upload took too long. Send it again."}
		}
		f.CreatedAt = jsonapi.Stamp{Time: tx.Now()}
		if f.Number, err = Files.Draw(ctx, tx); err != nil {
			return nil, err
		}
		if err := insert(ctx, tx, Files, &f); err != nil {
			return nil, err
		}
		organizations, err := owner.organizations(ctx, tx)
		if err != nil {
			return nil, err
		}
		return &f, recordUser(ctx, tx, by, change{verb: created, collection: Files, after: &f}, organizations)
	})
}

// DeleteFile deletes a file, and empties what points at it. Its bytes are gone a little later, its URLs at once.
func DeleteFile(ctx context.Context, db *store.DB, by Caller, id string, versions *Versions) error {
	return store.Transaction(ctx, db, func(tx *store.DB) error {
		seen, err := collection.Find(ctx, tx, Files, by.Scope, id, nil)
		if err != nil {
			return err
		}
		org, user, err := ownerOf(seen.(*File)).lock(ctx, tx, by) // before the file
		if err != nil {
			return err
		}
		f, err := lockLive[File](ctx, tx, Files, by.Scope, id)
		if err != nil {
			return err
		}
		if err := checkVersion(0, versions); err != nil {
			return err
		}
		switch {
		case org != nil && deref(org.LogoID) == id:
			without := *org
			without.LogoID = nil
			err = saveOrganization(ctx, tx, by, org, &without, nil)
		case user != nil && deref(user.AvatarID) == id:
			without := *user
			without.AvatarID = nil
			err = saveUser(ctx, tx, by, user, &without, nil)
		}
		if err != nil {
			return err
		}
		organizations, err := ownerOf(f).organizations(ctx, tx)
		if err != nil {
			return err
		}
		return deleteFile(ctx, tx, by, f, organizations)
	})
}

// deleteFile deletes the row of a file, whose owner is locked, and dooms its bytes. The organizations are told.
func deleteFile(ctx context.Context, tx *store.DB, by Caller, f *File, organizations []string) error {
	if err := tx.Later(ctx, "delete file", `DELETE FROM files WHERE id = ?`, f.ID); err != nil {
		return err
	}
	if err := doomBlobs(ctx, tx, f); err != nil {
		return err
	}
	return recordUser(ctx, tx, by, change{verb: deleted, collection: Files, before: f}, organizations)
}

// deleteFilesOf deletes the files of a user who is about to go, and was in those organizations.
func deleteFilesOf(ctx context.Context, tx *store.DB, by Caller, user string, organizations []string) error {
	var files []*File
	q := Files.From(ctx, tx, collection.Condition("user_id = ?", user)).Clauses(forUpdate)
	if err := q.Order("id").Find(&files).Error; err != nil {
		return fmt.Errorf("read files: %w", err)
	}
	for _, f := range files {
		f.FileType = image
		if err := deleteFile(ctx, tx, by, f, organizations); err != nil {
			return err
		}
	}
	return nil
}

// pointAtFile returns where the input makes a to-one of an owner lead, which is to one of its own files or nowhere; where it led before if
// the input does not say. It fails with the kinds RelatedNotFound, and Conflict for a file of another owner.
func pointAtFile(
	ctx context.Context, tx *store.DB, by Caller, in *Change, relationship string, owner FileOwner, before *string,
) (*string, error) {
	links, given := in.Links[relationship]
	id := links.One()
	if !given || id == deref(before) {
		return before, nil
	}
	if id == "" {
		return nil, nil
	}
	if err := share(ctx, tx, Files, by.Scope, id); err != nil {
		if store.IsKind(err, store.NotFound) {
			return nil, store.NoRelated(relationship, 0, Files.Schema.Type, id)
		}
		return nil, err
	}
	found, err := collection.Find(ctx, tx, Files, by.Scope, id, nil)
	if err != nil {
		return nil, err
	}
	if ownerOf(found.(*File)) != owner {
		return nil, &store.Error{Kind: store.Conflict, Field: relationship,
			Message: "The " + relationship + " of a resource is one of its own files. Upload it there."}
	}
	return &id, nil
}
