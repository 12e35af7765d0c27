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

// WhatMay returns the words that a user may use at an organization: of the service's own and of those in roles that can be given there, of
// which the caller reads these, or are built in. About themselves people are told all.
func WhatMay(ctx context.Context, db *store.DB, by Caller, user, organization, after string, most int) (
	words []string, next string, err error,
) {
	if !jsonapi.IsID(organization) {
		return nil, "", nil
	}
	conds := []collection.Where{usableAt(organization), collection.Condition("w.permission > ?", after)}
	if user != by.User() {
		conds = append(conds, rolesTold(by.Scope))
	}
	var known []string
	if err := db.Ask(ctx, wordsOfRoles(&known, maxWordsTried+1, conds...)); err != nil {
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

// rolesTold returns the condition of the roles that a scope is told of: those that are built in, and those that it sees.
func rolesTold(scope collection.Scope) collection.Where {
	const builtIn = "roles.organization_id IS NULL"
	if !scope.Holds(reading("roles")) {
		return collection.Condition(builtIn)
	}
	seen, args := collection.Conjunction(Roles.Present(scope)...)
	return collection.Condition("("+builtIn+" OR 1 = 1"+seen+")", args...)
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
