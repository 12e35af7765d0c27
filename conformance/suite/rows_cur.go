package suite

func curRows() []Row {
	const (
		sorting = "cursor:concepts-sorting"
		query   = "cursor:query-parameters"
		ranges  = "cursor:query-range-pagination"
		links   = "cursor:links"
		sizes   = "cursor:collection-sizes"
		items   = "cursor:document-item-cursors"
	)
	return []Row{
		{ID: "CUR-1", Level: Must, section: sorting, Test: testCUR1,
			Requirement: "A sort that leaves ties is completed to a unique order."},
		{ID: "CUR-2", Level: Must, section: sorting, Test: testCUR2,
			Requirement: "Collections and linkage without an order of their own get a stable one."},
		{ID: "CUR-3", Level: Must, section: "cursor:errors-unsupported-sort", Test: testCUR3,
			Requirement: "A sort that cannot be paged is 400 with the type unsupported-sort."},
		{ID: "CUR-4", Level: Must, section: query, Test: testCUR4,
			Requirement: "page[size] is a positive decimal integer."},
		{ID: "CUR-5", Level: Must, section: "cursor:errors-max-page-size-exceeded", Test: testCUR5,
			Requirement: "A size above the maximum is 400 with meta.page.maxSize and the type max-size-exceeded."},
		{ID: "CUR-6", Level: Must, section: query, Test: testCUR6,
			Requirement: "Without page[size] the page has a default size between 1 and the maximum."},
		{ID: "CUR-7", Level: Must, section: query, Test: testCUR7,
			Requirement: "A page has as many items as its size if that many remain."},
		{ID: "CUR-8", Level: Must, section: "cursor:errors-invalid-query-parameter", Test: testCUR8,
			Requirement: "A bad cursor is 400 and names its parameter."},
		{ID: "CUR-9", Level: Must, section: query, Test: testCUR9,
			Requirement: "page[after] begins with the item right behind the cursor."},
		{ID: "CUR-10", Level: Must, section: query, Test: testCUR10,
			Requirement: "page[before] ends with the item right before the cursor, in the order of the list."},
		{ID: "CUR-11", Level: Must, section: query, Test: testCUR11,
			Requirement: "Where nothing is left the page is an empty array."},
		{ID: "CUR-12", Level: Must, section: query, Test: testCUR12,
			Requirement: "Without a cursor the page begins with the first item."},
		{ID: "CUR-13", Level: Must, section: ranges, Test: testCUR13,
			Requirement: "page[after] and page[before] together are a range, or 400 with the type range-pagination-not-supported."},
		{ID: "CUR-14", Level: Must, section: links, Test: testCUR14,
			Requirement: "prev and next are present for all paged data, also when it is empty."},
		{ID: "CUR-15", Level: Must, section: links, Test: testCUR15,
			Requirement: "Without page[before], next is null if and only if there is no next page."},
		{ID: "CUR-16", Level: Must, section: links, Test: testCUR16,
			Requirement: "Without page[after], prev is null if and only if there is no previous page."},
		{ID: "CUR-17", Level: Should, section: links, Test: testCUR17,
			Requirement: "Otherwise prev and next are null, or lead to a page, perhaps an empty one."},
		{ID: "CUR-18", Level: Should, section: links, Test: testCUR18,
			Requirement: "first and last, if present, lead to the ends of the list."},
		{ID: "CUR-19", Level: Must, section: items, Test: testCUR19,
			Requirement: "meta.page is an object; the cursor of an item falls on it."},
		{ID: "CUR-20", Level: Must, section: sizes, Test: testCUR20,
			Requirement: "total is an integer, and estimatedTotal an object with an integer bestGuess."},
		{ID: "CUR-21", Level: Must, section: "cursor:concepts-cursors", Test: testCUR21,
			Requirement: "A cursor survives the deletion of its item."},
		{ID: "CUR-22", Level: Pick, section: "cursor:concepts-cursors", Test: testCUR22,
			Requirement: "Inserts and deletes elsewhere make no item repeat or vanish."},
		{ID: "CUR-23", Level: Must, section: "content-negotiation-servers", Test: testCUR23,
			Requirement: "The profile is named in the response's Content-Type."},
		{ID: "CUR-24", Level: Pick, section: "cursor:concepts-cursors", Test: testCUR24,
			Requirement: "A cursor is bound to sort and filter: another query refuses it with 400."},
		{ID: "CUR-25", Level: Must, section: links, overAll: true, Test: testCUR25,
			Requirement: "Paged linkage inside a resource has prev and next in the links of its relationship."},
	}
}
