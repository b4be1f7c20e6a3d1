package overview

import (
	"cmp"
	"slices"

	"github.com/veil-proxy/veil/audit/index"
)

// picture shows how masked data flows from upstreams, through rulesets and views, to
// consumers.
type picture struct {
	Height  int
	Boxes   []box
	Arrows  []arrow
	Flows   []flow // the same flows as a table
	Omitted int    // flows that do not fit into the picture
}

// box is a consumer, a view, a ruleset or an upstream.
type box struct {
	X, Y, W, H, TextX, TextY, NoteY int
	Text, Note, Kind                string
}

// arrow represents the requests between two boxes.
type arrow struct {
	X1, Y1, X2, Y2, Width int
}

// flow is what one consumer received through one view.
type flow struct {
	index.Flow
	View, Upstream string
}

// The dimensions of the picture.
const (
	boxWidth, boxHeight, boxGap = 178, 46, 14
	columnStep                  = 250
	mostFlows                   = 8
)

// draw lays flows out in four columns.
func draw(flows []index.Flow, views []View, upstreams map[string]string) *picture {
	p := &picture{}
	for _, f := range flows {
		upstream := upstreams[f.Listener]
		if upstream == "" || f.Ruleset == "" {
			continue // a login, or an operator
		}
		p.Flows = append(p.Flows, flow{f, viewOf(views, f), upstream})
	}
	slices.SortStableFunc(p.Flows, func(a, b flow) int { return cmp.Compare(b.Requests, a.Requests) })
	drawn := p.Flows[:min(len(p.Flows), mostFlows)]
	p.Omitted = len(p.Flows) - len(drawn)
	var most uint64 = 1
	for i := range drawn {
		most = max(most, drawn[i].Requests)
	}
	at := [4]map[string]int{{}, {}, {}, {}}
	place := func(column int, kind, text string) int {
		y, ok := at[column][text]
		if !ok {
			y = 24 + len(at[column])*(boxHeight+boxGap)
			at[column][text] = y
			x := column * columnStep
			p.Boxes = append(p.Boxes, box{X: x, Y: y, W: boxWidth, H: boxHeight, TextX: x + boxWidth/2, TextY: y + boxHeight/2 + 5, Text: short(text), Kind: kind})
			p.Height = max(p.Height, y+boxHeight+8)
		}
		return y + boxHeight/2
	}
	for i := range drawn {
		f := &drawn[i]
		ys := [4]int{place(0, "consumer", f.Consumer), place(1, "view", f.View), place(2, "ruleset", f.Ruleset), place(3, "upstream", f.Upstream)}
		for k := range 3 {
			p.Arrows = append(p.Arrows, arrow{X1: k*columnStep + boxWidth, Y1: ys[k], X2: (k + 1) * columnStep, Y2: ys[k+1], Width: 1 + int(5*f.Requests/most)})
		}
	}
	return p
}

// viewOf returns the name of the view that a flow went through.
func viewOf(views []View, f index.Flow) string {
	for _, v := range views {
		if v.Project == f.Project && v.Ruleset == f.Ruleset {
			return v.Name
		}
	}
	return "of an earlier configuration"
}

// short cuts a long name to the width of a box.
func short(s string) string {
	if r := []rune(s); len(r) > 22 {
		return string(r[:21]) + "…"
	}
	return s
}
