package jsonapi

// Resource is a resource object as it is sent (§ Resource Objects).
type Resource struct {
	Type          string                         `json:"type"`
	ID            string                         `json:"id"`
	Attributes    map[string]any                 `json:"attributes,omitempty"`
	Relationships map[string]*RelationshipObject `json:"relationships,omitempty"`
	Links         *Links                         `json:"links,omitempty"`
	Meta          map[string]any                 `json:"meta,omitempty"`
}
