package queue

// TableName is for the test that compares structs with tables.
func (LaneRow) TableName() string { return "webhook_lanes" }
