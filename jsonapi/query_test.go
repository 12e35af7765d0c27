package jsonapi_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/jsonapi"
)

func parse(raw string) (*jsonapi.Query, error) {
	return jsonapi.ParseQuery(raw, jsonapi.ListQuery, things, typeNamed)
}

// asked is what a query asks for, in words.
func asked(q *jsonapi.Query) string {
	var parts []string
	for _, f := range q.Filters {
		value := f.Value
		if at, ok := value.(time.Time); ok {
			value = at.Format(time.RFC3339Nano)
		}
		if at, ok := value.(jsonapi.WholeSecond); ok {
			value = "second " + at.Format(time.RFC3339Nano)
		}
		kind := "extra"
		if f.Attribute != nil {
			kind = "attribute"
		} else if f.Relationship != nil {
			kind = "relationship"
		}
		parts = append(parts, fmt.Sprintf("%s %s %s %T %v", kind, f.Field, f.Op, f.Value, value))
	}
	for _, k := range q.Sort {
		parts = append(parts, fmt.Sprintf("sort %s %v", k.Attribute.Name, k.Descending))
	}
	if q.Include != nil {
		parts = append(parts, "include"+inclusion(q.Include))
	}
	for typ, fields := range q.Fields {
		var names []string
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		parts = append(parts, "fields "+typ+" "+strings.Join(names, " "))
	}
	if q.Page != (jsonapi.Page{Number: 1, Size: jsonapi.DefaultPageSize}) {
		parts = append(parts, fmt.Sprintf("page %+v", q.Page))
	}
	return strings.Join(parts, "; ")
}

func inclusion(node *jsonapi.Inclusion) string {
	out := ""
	for _, child := range node.Children {
		out += " (" + child.Relationship.Name + inclusion(child) + ")"
	}
	return out
}

func TestParseQueryTakes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"":                                          "",
		"&&":                                        "",
		"filter[name]=a":                            "attribute name eq string a",
		"filter%5Bname%5D=a":                        "attribute name eq string a",
		"filter%5bname]=a":                          "attribute name eq string a",
		"filter[name]=":                             "attribute name eq string ",
		"filter[name]":                              "attribute name eq string ",
		"filter[name]=a+b%20c%2Bd":                  "attribute name eq string a b c+d",
		"filter[name]=a=b":                          "attribute name eq string a=b",
		"filter[name]=a,b":                          "attribute name eq string a,b",
		"filter[name]=%25_%5C":                      `attribute name eq string %_\`,
		"filter[name]=%F0%9F%98%80":                 "attribute name eq string 😀",
		"filter[name][eql]=A":                       "attribute name eql string A",
		"filter[name][ne]=a":                        "attribute name ne string a",
		"filter[name][prefix]=a":                    "attribute name prefix string a",
		"filter[name][suffix]=a":                    "attribute name suffix string a",
		"filter[name][contains]=a":                  "attribute name contains string a",
		"filter[name][match]=a,b,":                  "attribute name match []interface {} [a b ]",
		"filter[id]=a&filter[id][]=b":               "attribute id match []interface {} [a]; attribute id match []interface {} [b]",
		"filter[name][]=a&filter[name][]=b,c":       "attribute name match []interface {} [a b c]",
		"filter[note][null]=true":                   "attribute note null bool true",
		"filter[size][gt]=-5":                       "attribute size gt int64 -5",
		"filter[size][match]=1,2":                   "attribute size match []interface {} [1 2]",
		"filter[open]=false":                        "attribute open eq bool false",
		"filter[since][lte]=2026-01-02T03:04:05.5Z": "attribute since lte time.Time 2026-01-02T03:04:05.5Z",
		"filter[since]=2026-01-02T03:04:05%2B01:00": "attribute since eq time.Time 2026-01-02T02:04:05Z",
		"filter[made]=2026-01-02T03:04:05Z":         "attribute made eq jsonapi.WholeSecond second 2026-01-02T03:04:05Z",
		"filter[made]=2026-01-02T03:04:05.0Z":       "attribute made eq time.Time 2026-01-02T03:04:05Z",
		"filter[id]=a,b":                            "attribute id match []interface {} [a b]",
		"filter[id][]=a&filter[id][]=b":             "attribute id match []interface {} [a b]",
		"filter[id]=a&filter%5Bid%5D=b,c":           "attribute id match []interface {} [a b c]",
		"filter[id][ne]=a":                          "attribute id ne string a",
		"filter[owner]=a,b":                         "relationship owner match []interface {} [a b]",
		"filter[fans][null]=false":                  "relationship fans null bool false",
		"filter[near]=x":                            "extra near eq string x",
		"filter[near][eq]=x":                        "extra near eq string x",
		"filter[lost]=true":                         "extra lost eq bool true",
		"filter[name]=a&filter[name][ne]=b&filter[size]=1": "attribute name eq string a; attribute name ne string b; " +
			"attribute size eq int64 1",
		"sort=name":                             "sort name false",
		"sort=-id":                              "sort id true",
		"sort=-made,name":                       "sort made true; sort name false",
		"sort=-made%2Cname":                     "sort made true; sort name false",
		"include=":                              "include",
		"include=owner":                         "include (owner)",
		"include=owner,fans.things.owner,owner": "include (owner) (fans (things (owner)))",
		"fields[things]=name,owner&fields[people]=": "fields things name owner; fields people ",
		"page[size]=200":               "page {Paging:0 Number:1 Size:200 Offset:0 After: Before: Sized:true}",
		"page[number]=2&page[size]=1":  "page {Paging:0 Number:2 Size:1 Offset:0 After: Before: Sized:true}",
		"page%5Bnumber%5D=2":           "page {Paging:0 Number:2 Size:25 Offset:0 After: Before: Sized:false}",
		"page[offset]=0&page[limit]=5": "page {Paging:1 Number:1 Size:5 Offset:0 After: Before: Sized:false}",
	} {
		q, err := parse(raw)
		if err != nil {
			t.Errorf("%s is refused: %v", raw, err)
			continue
		}
		got := strings.Split(asked(q), "; ")
		slices.Sort(got)
		expected := strings.Split(want, "; ")
		slices.Sort(expected)
		if diff := cmp.Diff(expected, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", raw, diff)
		}
	}
}

func TestParseQueryRefuses(t *testing.T) {
	t.Parallel()
	unknown, invalid := jsonapi.UnknownParameter, jsonapi.InvalidParameter
	for raw, want := range map[string]found{
		"foo=1":                            {Code: unknown, Parameter: "foo"},
		"camelCase=1":                      {Code: unknown, Parameter: "camelCase"},
		"=1":                               {Code: unknown, Parameter: ""},
		"Filter[name]=a":                   {Code: unknown, Parameter: "Filter[name]"},
		"pages[size]=1":                    {Code: unknown, Parameter: "pages[size]"},
		"atomic:x=1":                       {Code: unknown, Parameter: "atomic:x"},
		"token=roster_m_x":                 {Code: unknown, Parameter: "token"},
		"include[]=owner":                  {Code: unknown, Parameter: "include[]"},
		"sort[x]=1":                        {Code: unknown, Parameter: "sort[x]"},
		"fields=name":                      {Code: unknown, Parameter: "fields"},
		"fields[things][x]=name":           {Code: unknown, Parameter: "fields[things][x]"},
		"filter=x":                         {Code: unknown, Parameter: "filter"},
		"page=2":                           {Code: unknown, Parameter: "page"},
		"page[foo]=1":                      {Code: unknown, Parameter: "page[foo]"},
		"page[]=1":                         {Code: unknown, Parameter: "page[]"},
		"filter[name=a":                    {Code: unknown, Parameter: "filter[name"},
		"filter]name[=a":                   {Code: unknown, Parameter: "filter]name["},
		"filter[[name]]=a":                 {Code: unknown, Parameter: "filter[[name]]"},
		"filter[name]x=a":                  {Code: unknown, Parameter: "filter[name]x"},
		"filter[name][eq][x]=a":            {Code: unknown, Parameter: "filter[name][eq][x]"},
		"filter[]=a":                       {Code: invalid, Parameter: "filter[]"},
		"filter[nope]=a":                   {Code: invalid, Parameter: "filter[nope]"},
		"filter[Name]=a":                   {Code: invalid, Parameter: "filter[Name]"},
		"filter[_]=a":                      {Code: invalid, Parameter: "filter[_]"},
		"filter[-a]=a":                     {Code: invalid, Parameter: "filter[-a]"},
		"filter[a..b]=a":                   {Code: invalid, Parameter: "filter[a..b]"},
		"filter[owner.name]=a":             {Code: invalid, Parameter: "filter[owner.name]"},
		"filter[total]=1":                  {Code: invalid, Parameter: "filter[total]"},
		"filter[secret]=abc":               {Code: invalid, Parameter: "filter[secret]"},
		"filter[pass]=abcd":                {Code: invalid, Parameter: "filter[pass]"},
		"filter[hidden]=abcd":              {Code: invalid, Parameter: "filter[hidden]"},
		"filter[tags]=red":                 {Code: invalid, Parameter: "filter[tags]"},
		"filter[invited]=x":                {Code: invalid, Parameter: "filter[invited]"},
		"filter[subject]=x":                {Code: invalid, Parameter: "filter[subject]"},
		"filter[name][like]=a":             {Code: invalid, Parameter: "filter[name][like]"},
		"filter[name][EQ]=a":               {Code: invalid, Parameter: "filter[name][EQ]"},
		"filter[size]=x":                   {Code: invalid, Parameter: "filter[size]"},
		"filter[size]=":                    {Code: invalid, Parameter: "filter[size]"},
		"filter[size]=1.5":                 {Code: invalid, Parameter: "filter[size]"},
		"filter[size]=9223372036854775808": {Code: invalid, Parameter: "filter[size]"},
		"filter[size][prefix]=1":           {Code: invalid, Parameter: "filter[size][prefix]"},
		"filter[size][match]=1,x":          {Code: invalid, Parameter: "filter[size][match]"},
		"filter[open]=1":                   {Code: invalid, Parameter: "filter[open]"},
		"filter[open]=TRUE":                {Code: invalid, Parameter: "filter[open]"},
		"filter[open][gt]=true":            {Code: invalid, Parameter: "filter[open][gt]"},
		"filter[open][match]=true":         {Code: invalid, Parameter: "filter[open][match]"},
		"filter[since]=2026-01-02":         {Code: invalid, Parameter: "filter[since]"},
		"filter[since]=2026-01-02T03:04:05+01:00": {Code: invalid, Parameter: "filter[since]"}, // the + is a space
		"filter[since][eql]=2026-01-02T03:04:05Z": {Code: invalid, Parameter: "filter[since][eql]"},
		"filter[since][null]=yes":                 {Code: invalid, Parameter: "filter[since][null]"},
		"filter[name]=a%00b":                      {Code: invalid, Parameter: "filter[name]"},
		"filter[name]=a%07b":                      {Code: invalid, Parameter: "filter[name]"},
		"filter[owner][prefix]=a":                 {Code: invalid, Parameter: "filter[owner][prefix]"},
		"filter[owner][null]=":                    {Code: invalid, Parameter: "filter[owner][null]"},
		"filter[near][ne]=a":                      {Code: invalid, Parameter: "filter[near][ne]"},
		"filter[near][]=a":                        {Code: invalid, Parameter: "filter[near][]"},
		"filter[lost]=":                           {Code: invalid, Parameter: "filter[lost]"},
		"filter[id][prefix]=0":                    {Code: invalid, Parameter: "filter[id][prefix]"},
		"filter[id][gt]=0":                        {Code: invalid, Parameter: "filter[id][gt]"},
		"filter[name]=a&filter[name]=b":           {Code: invalid, Parameter: "filter[name]"},
		"sort=name&sort=size":                     {Code: invalid, Parameter: "sort"},
		"page[size]=1&page[size]=2":               {Code: invalid, Parameter: "page[size]"},
		"include=owner&include=fans":              {Code: invalid, Parameter: "include"},
		"fields[things]=name&fields[things]=size": {Code: invalid, Parameter: "fields[things]"},
		"sort=":                               {Code: invalid, Parameter: "sort"},
		"sort=+name":                          {Code: invalid, Parameter: "sort"},
		"sort=--name":                         {Code: invalid, Parameter: "sort"},
		"sort=name,,size":                     {Code: invalid, Parameter: "sort"},
		"sort=name,-name":                     {Code: invalid, Parameter: "sort"},
		"sort=note":                           {Code: invalid, Parameter: "sort"},
		"sort=id,-id":                         {Code: invalid, Parameter: "sort"},
		"sort=owner.name":                     {Code: invalid, Parameter: "sort"},
		"sort=name,size,since,made,name,size": {Code: invalid, Parameter: "sort"},
		"include=nope":                        {Code: invalid, Parameter: "include"},
		"include=owner.":                      {Code: invalid, Parameter: "include"},
		"include=,":                           {Code: invalid, Parameter: "include"},
		"include=*":                           {Code: invalid, Parameter: "include"},
		"include=name":                        {Code: invalid, Parameter: "include"},
		"include=invited":                     {Code: invalid, Parameter: "include"},
		"include=subject":                     {Code: invalid, Parameter: "include"},
		"include=fans.things.fans.things":     {Code: invalid, Parameter: "include"},
		"include=" + strings.Repeat("owner,", 20) + "owner": {Code: invalid, Parameter: "include"},
		"fields[nope]=name":                {Code: invalid, Parameter: "fields[nope]"},
		"fields[]=name":                    {Code: invalid, Parameter: "fields[]"},
		"fields[things]=nope":              {Code: invalid, Parameter: "fields[things]"},
		"fields[things]=name,":             {Code: invalid, Parameter: "fields[things]"},
		"fields[things]=id":                {Code: invalid, Parameter: "fields[things]"},
		"page[size]=0":                     {Code: invalid, Parameter: "page[size]"},
		"page[size]=-1":                    {Code: invalid, Parameter: "page[size]"},
		"page[size]=201":                   {Code: invalid, Parameter: "page[size]"},
		"page[size]=":                      {Code: invalid, Parameter: "page[size]"},
		"page[size]=ten":                   {Code: invalid, Parameter: "page[size]"},
		"page[size]=1e2":                   {Code: invalid, Parameter: "page[size]"},
		"page[size]=%2B5":                  {Code: invalid, Parameter: "page[size]"},
		"page[size]=99999999999999999999":  {Code: invalid, Parameter: "page[size]"},
		"page[size]=٣":                     {Code: invalid, Parameter: "page[size]"},
		"page[number]=0":                   {Code: invalid, Parameter: "page[number]"},
		"page[number]=9223372036854775807": {Code: invalid, Parameter: "page[number]"},
		"page[offset]=-1":                  {Code: invalid, Parameter: "page[offset]"},
		"page[limit]=201":                  {Code: invalid, Parameter: "page[limit]"},
		"page[after]=":                     {Code: invalid, Parameter: "page[after]"},
		"page[offset]=1&page[number]=2":    {Code: invalid, Parameter: "page[number]"},
		"page[offset]=1&page[size]=2":      {Code: invalid, Parameter: "page[size]"},
		"page[size]=2&page[limit]=1":       {Code: invalid, Parameter: "page[limit]"},
		"filter[name]=%zz":                 {Code: invalid, Parameter: "filter[name]"},
		"filter[name]=%":                   {Code: invalid, Parameter: "filter[name]"},
		"filter[name]=%ff":                 {Code: invalid, Parameter: "filter[name]"},
		"filter[name]=%ED%A0%80":           {Code: invalid, Parameter: "filter[name]"},
		"filter[name]=a;b":                 {Code: invalid, Parameter: "filter[name]"},
		"f%00=a":                           {Code: invalid, Parameter: "f%00"},
		"%ff=a":                            {Code: invalid, Parameter: "%ff"},
		"filter[name][match]=" + strings.Repeat("a,", 200) + "a": {
			Code: invalid, Parameter: "filter[name][match]"},
		strings.Repeat("filter[name][]="+strings.Repeat("a,", 99)+"a&", 2) + "filter[name][]=a": {
			Code: invalid, Parameter: "filter[name][]"},
		strings.Repeat("n", 500) + "=1": {
			Code: unknown, Parameter: strings.Repeat("n", 500)},
	} {
		_, err := parse(raw)
		errs := errorsOf(t, err)
		want.Pointer = none
		if len(errs) == 0 || errs[0] != want {
			t.Errorf("%.120s: %+v, want first %+v", raw, errs, want)
		}
	}
}

func TestTheLimitsOfAQuery(t *testing.T) {
	t.Parallel()
	ops := []string{"eq", "eql", "ne", "prefix", "suffix", "contains", "gt", "gte", "lt", "lte", "match"}
	filters := func(n int) string {
		var parts []string
		for i := range n {
			field := []string{"name", "note", "mail"}[i/len(ops)]
			parts = append(parts, fmt.Sprintf("filter[%s][%s]=a", field, ops[i%len(ops)]))
		}
		return strings.Join(parts, "&")
	}
	if _, err := parse(filters(20)); err != nil {
		t.Errorf("twenty filters: %v", err)
	}
	if f := errorsOf(t, func() error { _, err := parse(filters(21)); return err }()); len(f) != 1 {
		t.Errorf("one filter too many: %v", f)
	}
	_, err := parse(strings.Repeat("x=1&", 10_000))
	if n := len(errorsOf(t, err)); n == 0 || n > 100 {
		t.Errorf("%d errors for ten thousand parameters", n)
	}
	_, err = parse("page[size]=201")
	var errs jsonapi.Errors
	if !errors.As(err, &errs) {
		t.Fatalf("a page that is too large: %v", err)
	}
	if errs[0].Links == nil || errs[0].Links.Type != jsonapi.CursorProfile+"/max-size-exceeded" ||
		!cmp.Equal(errs[0].Meta, map[string]any{"page": map[string]any{"maxSize": 200}}) {
		t.Errorf("a page that is too large is refused without what the profile wants: %+v", errs[0])
	}
}

func TestEveryErrorOfAQueryIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parse("foo=1&filter[nope]=x&filter[size]=x&sort=nope,note&page[size]=0&include=nope&fields[nope]=a")
	var parameters []string
	for _, f := range errorsOf(t, err) {
		parameters = append(parameters, f.Parameter)
	}
	want := []string{"foo", "filter[nope]", "filter[size]", "sort", "sort", "page[size]", "include", "fields[nope]"}
	if diff := cmp.Diff(want, parameters); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARequestTakesOnlyItsFamilies(t *testing.T) {
	t.Parallel()
	all := []string{"filter[name]=a", "sort=name", "page[size]=1", "include=owner", "fields[things]=name"}
	for _, c := range []struct {
		accepts jsonapi.Accepts
		refused []string
	}{
		{jsonapi.ListQuery, nil},
		{jsonapi.OneQuery, []string{"filter[name]", "sort", "page[size]"}},
		{jsonapi.NoQuery, []string{"filter[name]", "sort", "page[size]", "include", "fields[things]"}},
	} {
		_, err := jsonapi.ParseQuery(strings.Join(all, "&"), c.accepts, things, typeNamed)
		var refused []string
		for _, f := range errorsOf(t, err) {
			refused = append(refused, f.Parameter)
			if f.Code != jsonapi.UnknownParameter {
				t.Errorf("%s is refused as %s", f.Parameter, f.Code)
			}
		}
		if diff := cmp.Diff(c.refused, refused); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.accepts, diff)
		}
	}
}

// everyOp lists every comparison there is.
var everyOp = []jsonapi.Op{"eq", "eql", "ne", "prefix", "suffix", "contains", "gt", "gte", "lt", "lte", "match", "null"}

func TestEveryKindHasItsOperators(t *testing.T) {
	t.Parallel()
	var told []string
	for _, p := range things.Parameters(jsonapi.ListQuery, nil) {
		told = append(told, p.Name)
	}
	values := map[string]string{"name": "a", "size": "1", "open": "true", "since": "2026-01-02T03:04:05Z", "made": "2026-01-02T03:04:05Z",
		"tags": "red"}
	for field, value := range values {
		for _, op := range everyOp {
			text := value
			if op == jsonapi.OpNull {
				text = "true"
			}
			name := "filter[" + field + "][" + string(op) + "]"
			_, err := parse(name + "=" + url.QueryEscape(text))
			if taken, listed := err == nil, slices.Contains(told, name); taken != listed {
				t.Errorf("%s: taken %v, told %v: %v", name, taken, listed, err)
			}
			if field == "tags" && err == nil {
				t.Errorf("%s: lists can be filtered", name)
			}
		}
	}
}

func TestEncodeKeepsEveryOtherParameter(t *testing.T) {
	t.Parallel()
	q, err := parse("sort=-made&filter%5Bname%5D=a+b%26%2B%E2%82%AC&page[size]=5&include=owner&page[number]=3&fields[things]=name")
	if err != nil {
		t.Fatal(err)
	}
	want := "?sort=-made&filter%5Bname%5D=a+b%26%2B%E2%82%AC&page%5Bsize%5D=5&include=owner&page%5Bnumber%5D=3&fields%5Bthings%5D=name"
	if got := q.Encode(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	want = "?sort=-made&filter%5Bname%5D=a+b%26%2B%E2%82%AC&include=owner&fields%5Bthings%5D=name&page%5Bnumber%5D=4&page%5Bsize%5D=5"
	if got := q.Encode("page[number]", "4", "page[size]", "5"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	empty, err := parse("")
	if err != nil || empty.Encode() != "" {
		t.Errorf("an empty query is printed as %q: %v", empty.Encode(), err)
	}
}

func TestTheStartOfAPage(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int{
		"": 0, "page[number]=3&page[size]=10": 20, "page[offset]=7&page[limit]=5": 7,
		"page[number]=5497558138&page[size]=200": 5497558137 * 200,
	} {
		q, err := parse(raw)
		if err != nil || q.Page.Start() != want {
			t.Errorf("%s: %d, want %d (%v)", raw, q.Page.Start(), want, err)
		}
	}
}
