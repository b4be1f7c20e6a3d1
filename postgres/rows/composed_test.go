package rows

import "testing"

func TestSteps(t *testing.T) {
	t.Parallel()
	part := func(n int) *Step { return &Step{Part: n} }
	call := func(name string, numbers []int, of ...*Step) *Step {
		return &Step{Function: name, Of: of, Numbers: numbers}
	}
	given := []string{"Ab-é", "x", "", " y "}
	list := datum{list: []*string{&given[1], nil, &given[0], &given[2], &given[1]}, isList: true}
	parts := []datum{{text: &given[0]}, {text: &given[1]}, {}, {text: &given[2]}, {text: &given[3]}, list, {isList: true}}
	const null, space, listed, empty = 2, 4, 5, 6
	text := func(s string) *Step { return &Step{Function: "text", Text: s} }
	with := func(s *Step, text string) *Step { s.Text = text; return s }
	for _, c := range []struct {
		step *Step
		want string
	}{
		{part(0), "Ab-é"},
		{part(null), "NULL"},
		{call("||", nil, part(0), call("||", nil, part(1), part(3))), "Ab-éx"},
		{call("||", nil, part(0), part(null)), "NULL"},
		{call("concat", nil, part(null), part(0), part(1)), "Ab-éx"},
		{call("concat", nil, part(null)), ""},
		{call("concat_ws", nil, part(1), part(null), part(0), part(3), part(0)), "Ab-éxxAb-é"},
		{call("concat_ws", nil, part(null), part(0)), "NULL"},
		{call("lower", nil, part(1)), "x"},
		{call("upper", nil, part(1)), "X"},
		{call("left", []int{2}, part(0)), "Ab"},
		{call("left", []int{-1}, part(0)), "Ab-"},
		{call("left", []int{-9}, part(0)), ""},
		{call("right", []int{2}, part(0)), "-é"},
		{call("right", []int{-1}, part(0)), "b-é"},
		{call("right", []int{9}, part(0)), "Ab-é"},
		{call("substr", []int{2, 2}, part(0)), "b-"},
		{call("substr", []int{-1, 3}, part(0)), "A"},
		{call("substr", []int{3}, part(0)), "-é"},
		{call("substr", []int{9, 2147483647}, part(0)), ""},
		{call("replace", nil, part(0), part(1), part(0)), "Ab-é"},
		{call("replace", nil, part(1), part(1), part(0)), "Ab-é"},
		{call("replace", nil, part(0), part(3), part(1)), "Ab-é"},
		{call("btrim", nil, part(space)), "y"},
		{call("ltrim", nil, part(space)), "y "},
		{call("rtrim", nil, part(space)), " y"},
		{call("length", nil, part(0)), "4"},
		{call("octet_length", nil, part(0)), "5"},
		{call("md5", nil, part(1)), "9dd4e461268c8034f5c8564e155c67a6"},
		{call("array", nil, part(listed)), `{x,NULL,Ab-é,"",x}`},
		{call("array", nil, part(empty)), "{}"},
		{call("array", nil, part(null)), "NULL"},
		{call("array", nil, call("list", nil, part(space), part(null), text("a,b"), text("null"), text(`"`))), `{" y ",NULL,"a,b","null","\""}`},
		{call("array", nil, call("sort", []int{0}, part(listed))), `{"",Ab-é,x,x,NULL}`},
		{call("array", nil, call("sort", []int{SortDistinct | SortDescending | SortNullsFirst}, part(listed))), `{NULL,x,Ab-é,""}`},
		{call("string_agg", nil, part(listed), text("; ")), "x; Ab-é; ; x"},
		{call("string_agg", nil, part(listed), part(null)), "xAb-éx"},
		{call("string_agg", nil, call("list", nil, part(null)), text(",")), "NULL"},
		{call("string_agg", nil, part(null), text(",")), "NULL"},
		{call("array_to_string", nil, part(empty), text(",")), ""},
		{call("array_to_string", nil, part(listed), part(null)), "NULL"},
		{call("cardinality", nil, part(listed)), "5"},
		{call("array_length", nil, part(empty)), "NULL"},
		{call("coalesce", nil, part(null), part(1)), "x"},
		{call("coalesce", nil, part(null), part(null)), "NULL"},
		{with(call("json_list", nil, call("json", nil, part(listed))), ", "), `["x", null, "Ab-é", "", "x"]`},
		{call("json_array", nil, call("json", nil, part(0)), part(null), text("1.50")), `["Ab-é", null, 1.50]`},
		{call("json_object", nil, text("a\t\x01"), call("json", nil, part(0)), text("b"), part(null)), `{"a\t\u0001" : "Ab-é", "b" : null}`},
		{with(call("json_object", nil, text("a"), text("[]"), text("b"), text("1")), JSONRow), `{"a":[],"b":1}`},
		{call("jsonb_object", nil, text("bb"), text("1"), text("c"), text("2"), text("a"), text("3"), text("c"), text("4")), `{"a": 3, "c": 4, "bb": 1}`},
		{call("jsonb_concat", nil, text(`{"a": 1, "b": [2, {"c": "é"}]}`), text(`{"b": null, "aa": "x"}`)), `{"a": 1, "b": null, "aa": "x"}`},
		{call("jsonb_concat", nil, text(`[1, 2]`), text(`{"b": 3}`)), `[1, 2, {"b": 3}]`},
		{call("jsonb_concat", nil, text(`[]`), text(`[4]`)), `[4]`},
		{call("jsonb_concat", nil, text(`[]`), text(`[]`)), `[]`},
		{call("jsonb_concat", nil, text(`"a"`), part(null)), "NULL"},
	} {
		got := "NULL"
		if s := c.step.value(parts).text; s != nil {
			got = *s
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.step.Function, got, c.want)
		}
	}
}
