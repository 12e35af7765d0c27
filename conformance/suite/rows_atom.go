package suite

func atomRows() []Row {
	const (
		document   = "atomic:document-structure"
		operations = "atomic:operation-objects"
		results    = "atomic:result-objects"
		processing = "atomic:processing"
		errors     = "atomic:processing-errors"
		specific   = "atomic:specific-operations"
	)
	return []Row{
		{ID: "ATOM-1", Level: Must, section: "extension-rules", Test: testATOM1,
			Requirement: "The extension is named in the Content-Type of request and response; without it nothing is executed."},
		{ID: "ATOM-2", Level: Pick, section: "content-negotiation-servers", Test: testATOM2,
			Requirement: "An Accept that is absent or a wildcard is fine; one with the plain media type alone is 406."},
		{ID: "ATOM-3", Level: MustNot, section: document, Test: testATOM3,
			Requirement: "A document with operations has neither data nor included."},
		{ID: "ATOM-4", Level: Must, section: document, Test: testATOM4,
			Requirement: "atomic:operations is an array of at least one operation, and not beside atomic:results."},
		{ID: "ATOM-5", Level: MustNot, section: document, Test: testATOM5,
			Requirement: "No errors beside members of the extension."},
		{ID: "ATOM-6", Level: Must, section: operations, Test: testATOM6,
			Requirement: "Each operation is an object whose op is add, update or remove."},
		{ID: "ATOM-7", Level: MustNot, section: operations, Test: testATOM7,
			Requirement: "An operation does not have both ref and href."},
		{ID: "ATOM-8", Level: Must, section: operations, Test: testATOM8,
			Requirement: "ref has a type, either an id or a lid, and perhaps a relationship."},
		{ID: "ATOM-9", Level: Must, section: processing, Test: testATOM9,
			Requirement: "Only POST is accepted."},
		{ID: "ATOM-10", Level: Must, section: processing, Test: testATOM10,
			Requirement: "Operations are performed in order."},
		{ID: "ATOM-11", Level: Must, section: processing, Test: testATOM11,
			Requirement: "All operations are performed, or none."},
		{ID: "ATOM-12", Level: Must, section: results, overAll: true, Test: testATOM12,
			Requirement: "200 has atomic:results of the same length, by position."},
		{ID: "ATOM-13", Level: Must, section: processing, Test: testATOM13,
			Requirement: "204 only if no operation has to return data."},
		{ID: "ATOM-14", Level: Should, section: errors, Test: testATOM14,
			Requirement: "Errors point into the operation."},
		{ID: "ATOM-15", Level: Must, section: errors, Test: testATOM15,
			Requirement: "A malformed operation is 400; one that cannot be processed is 400 or a better 4xx."},
		{ID: "ATOM-16", Level: Must, section: specific, Test: testATOM16,
			Requirement: "add of a resource needs data with a type; the collection's href must fit it."},
		{ID: "ATOM-17", Level: Must, section: specific, Test: testATOM17,
			Requirement: "The result of add has the created resource."},
		{ID: "ATOM-18", Level: Must, section: specific, Test: testATOM18,
			Requirement: "The result of update has the resource if the server changed more than was asked."},
		{ID: "ATOM-19", Level: Must, section: specific, Test: testATOM19,
			Requirement: "update finds its target by data, by ref, or by href."},
		{ID: "ATOM-20", Level: Must, section: specific, Test: testATOM20,
			Requirement: "remove needs a target, which must exist; its result has no data."},
		{ID: "ATOM-21", Level: Must, section: specific, Test: testATOM21,
			Requirement: "A to-one is updated by its ref with an identifier or null."},
		{ID: "ATOM-22", Level: Must, section: specific, Test: testATOM22,
			Requirement: "A to-many takes add, update and remove with an array."},
		{ID: "ATOM-23", Level: Must, section: specific, Test: testATOM23,
			Requirement: "The rules of single requests hold inside operations."},
		{ID: "ATOM-24", Level: Must, section: operations, Test: testATOM24,
			Requirement: "A lid stands for its resource in later operations, within its type."},
		{ID: "ATOM-25", Level: Pick, section: operations, Test: testATOM25,
			Requirement: "A lid that is undefined, used too early or defined twice is 400."},
		{ID: "ATOM-26", Level: Pick, section: processing, Test: testATOM26,
			Requirement: "More operations than the limit are 400 or 413."},
		{ID: "ATOM-27", Level: Pick, section: "query-parameters", Test: testATOM27,
			Requirement: "Query parameters on the endpoint are 400."},
		{ID: "ATOM-28", Level: Must, section: operations, Test: testATOM28,
			Requirement: "href is a URI reference; it is resolved inside this API only."},
		{ID: "ATOM-29", Level: Must, section: operations, Test: testATOM29,
			Requirement: "Unknown members of an operation are ignored."},
		{ID: "ATOM-30", Level: Pick, section: processing, Test: testATOM30,
			Requirement: "Concurrent requests do not interleave."},
	}
}
