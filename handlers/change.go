package handlers

import (
	"roster/jsonapi"
	"roster/models"
	"roster/server"
)

// changeOf returns what a resource object asks for as package models takes it.
func changeOf(in *jsonapi.Input, versions *models.Versions) *models.Change {
	change := &models.Change{
		ID: in.ID, Attributes: in.Attributes, Links: map[string]models.Links{}, Echo: map[string]any{}, Versions: versions,
	}
	change.CurrentPassword, _ = in.Meta["currentPassword"].(string)
	for name, linkage := range in.Relationships {
		change.Links[name] = linksOf(linkage)
	}
	for name, value := range in.ReadOnly {
		if linkage, ok := value.(jsonapi.Linkage); ok {
			value = linksOf(linkage)
		}
		change.Echo[name] = value
	}
	return change
}

// optionsOf takes what the meta of a change, which stands at a pointer, says into it.
func (res *resource) optionsOf(meta map[string]any, at string, change *models.Change) error {
	if res.options == nil {
		return nil
	}
	return res.options(meta, at, change)
}

// linksOf returns the ids that linkage names.
func linksOf(linkage jsonapi.Linkage) models.Links {
	links := make(models.Links, len(linkage.Refs))
	for i, ref := range linkage.Refs {
		links[i] = ref.ID
	}
	return links
}

// versionsFor returns the versions that an operation is meant for, nil for any. Its list of entity tags was found readable before.
func versionsFor(op *jsonapi.Operation) *models.Versions {
	if op.IfMatch == "" {
		return nil
	}
	versions, _ := server.VersionsOf([]string{op.IfMatch})
	return versions
}
