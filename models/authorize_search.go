package models

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"roster/jsonapi"
	"roster/models/collection"
	"roster/models/store"
)

// The searches below find what DecideFor would permit, and no more. Each is read in order, from behind a place on and at most so many at
// once; next is the place to go on from, "" at the end.

// WhoMay returns the ids of users who may do something at an organization.
func WhoMay(ctx context.Context, db *store.DB, by Caller, permission, organization, after string, most int) (
	users []string, next string, err error,
) {
	if !jsonapi.IsID(organization) {
		return nil, "", nil
	}
	told := map[string]bool{}
	if err := db.Ask(ctx, by.toldAmong(db, told, []string{organization})...); err != nil {
		return nil, "", fmt.Errorf("look up whose members are told: %w", err)
	}
	conds := []collection.Where{
		Users.Visible(by.Scope), collection.Condition("users.active"),
		collection.Condition("users.id IN (SELECT hm.user_id FROM "+collection.HeldWords+
			" WHERE hr.permission IN ? AND hp.descendant_id = ?)", including(permission), organization),
	}
	self := by.User()
	if !told[organization] { // of themselves people are told everywhere
		conds = append(conds, collection.Condition("users.id = ?", collection.IDOrNil(self)))
	}
	if self != "" && by.withholds(permission) {
		conds = append(conds, collection.Condition("users.id <> ?", self))
	}
	return idsBehind(Users.From(ctx, db, conds...), "users.id", after, most)
}

// WhereMay returns the ids of organizations at which a user may do something.
func WhereMay(ctx context.Context, db *store.DB, by Caller, user, permission, after string, most int) (
	organizations []string, next string, err error,
) {
	own := user == by.User()
	if !jsonapi.IsID(user) || own && by.withholds(permission) {
		return nil, "", nil
	}
	conds := []collection.Where{
		collection.Condition(Organizations.Live),
		collection.Condition("organizations.id IN (SELECT hp.descendant_id FROM "+collection.HeldWords+
			" JOIN users hu ON hu.id = hm.user_id AND hu.active WHERE hr.permission IN ? AND hm.user_id = ?)", including(permission), user),
	}
	if !own {
		seen, err := collection.VisibleIDs(ctx, db, Users, by.Scope, []string{user})
		if err != nil || !seen[user] {
			return nil, "", err
		}
		conds = append(conds, by.told("organizations.id"))
	}
	return idsBehind(Organizations.From(ctx, db, conds...), "organizations.id", after, most)
}

// maxWordsTried bounds the words that are tried for one answer: it may hold fewer than could be, and still not be the last.
const maxWordsTried = 100

// WhatMay returns the words that a user may use at an organization: of the service's own and of those in roles that can be given there.
func WhatMay(ctx context.Context, db *store.DB, by Caller, user, organization, after string, most int) (
	words []string, next string, err error,
) {
	if !jsonapi.IsID(organization) {
		return nil, "", nil
	}
	var known []string
	err = db.Session(ctx).Raw(`SELECT DISTINCT w.permission FROM role_permissions w JOIN roles r ON r.id = w.role_id
		WHERE w.permission <> ? AND w.permission > ? AND (r.organization_id IS NULL
			OR r.organization_id IN (SELECT ancestor_id FROM organization_paths WHERE descendant_id = ?))
		ORDER BY w.permission LIMIT ?`, EveryScope, after, organization, maxWordsTried+1).Scan(&known).Error
	if err != nil {
		return nil, "", fmt.Errorf("select the words known at an organization: %w", err)
	}
	known, goesOn := upTo(known, maxWordsTried)
	checks := make([]Check, len(known))
	for i, word := range known {
		checks[i] = Check{user, word, organization}
	}
	decisions, err := DecideFor(ctx, db, by, checks)
	if err != nil {
		return nil, "", err
	}
	for i, d := range decisions {
		if d.Allowed {
			words = append(words, known[i])
		}
	}
	if words, next = upTo(words, most); next == "" {
		next = goesOn
	}
	return words, next, nil
}

// idsBehind runs a query of ids for those behind one.
func idsBehind(q *gorm.DB, column, after string, most int) (ids []string, next string, err error) {
	if after != "" {
		q = q.Where(column+" > ?", after)
	}
	if err := q.Order(column).Limit(most+1).Pluck(column, &ids).Error; err != nil {
		return nil, "", fmt.Errorf("search by permission: %w", err)
	}
	ids, next = upTo(ids, most)
	return ids, next, nil
}

// upTo returns the first of some texts, at most so many, and the last of them if there are more.
func upTo(all []string, most int) (first []string, next string) {
	if len(all) <= most {
		return all, ""
	}
	return all[:most], all[most-1]
}
