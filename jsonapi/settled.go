package jsonapi

// Settled returns the document without the attributes that are others at each reading although nothing has changed: what its ETag is made
// of. schemas finds the schema of a type, or nil. It is the document itself if there are none.
func (d *Document) Settled(schemas func(string) *Schema) *Document {
	data, included := d.Data, settleAll(d.Included, schemas)
	changed := included != nil
	switch primary := d.Data.(type) {
	case *Resource:
		if settled := primary.settled(schemas(primary.Type)); settled != primary {
			data, changed = settled, true
		}
	case []*Resource:
		if settled := settleAll(primary, schemas); settled != nil {
			data, changed = settled, true
		}
	}
	if !changed {
		return d
	}
	settled := *d
	settled.Data = data
	if included != nil {
		settled.Included = included
	}
	return &settled
}

// settleAll returns resources without what is fleeting, nil if nothing of them is.
func settleAll(resources []*Resource, schemas func(string) *Schema) []*Resource {
	var settled []*Resource
	for i, r := range resources {
		without := r.settled(schemas(r.Type))
		if without == r {
			continue
		}
		if settled == nil {
			settled = append([]*Resource{}, resources...)
		}
		settled[i] = without
	}
	return settled
}

// settled returns the resource without its fleeting attributes; itself if it has none.
func (r *Resource) settled(s *Schema) *Resource {
	if s == nil || len(s.fleeting) == 0 {
		return r
	}
	without := *r
	without.Attributes = make(map[string]any, len(r.Attributes))
	for name, value := range r.Attributes {
		if !s.fleeting[name] {
			without.Attributes[name] = value
		}
	}
	return &without
}
