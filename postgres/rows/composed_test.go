package rows

import "testing"

func TestSteps(t *testing.T) {
	t.Parallel()
	part := func(n int) *Step { return &Step{Part: n} }
	call := func(name string, numbers []int, of ...*Step) *Step {
		return &Step{Function: name, Of: of, Numbers: numbers}
	}
	given := []string{"Ab-é", "x", "", " y "}
	parts := []*string{&given[0], &given[1], nil, &given[2], &given[3]}
	const null, space = 2, 4
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
	} {
		got := "NULL"
		if s := c.step.text(parts); s != nil {
			got = *s
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.step.Function, got, c.want)
		}
	}
}
