package handlers

import "testing"

// TestWhatIsSaidToBeChangeableIsServed: a schema says which relationships can be changed at their URLs, and the table does it.
func TestWhatIsSaidToBeChangeableIsServed(t *testing.T) {
	t.Parallel()
	for _, res := range resources {
		for _, rel := range res.Schema.Relationships {
			if rel.Changeable() && res.update == nil {
				t.Errorf("%s of %s can be changed, and nothing changes it", rel.Name, res.path)
			}
		}
	}
}
