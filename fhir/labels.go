package fhir

import "github.com/veil-proxy/veil/mask"

// Security labels say what was done to a resource, in the codes of HL7's
// v3-ObservationValue (FHIR R4, security-labels.html; HL7 v3 "SECINTOBV").
const observationValue = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"

// veilLabel is the code system of labels for which HL7 has no code.
const veilLabel = "https://github.com/veil-proxy/veil/CodeSystem/security-label"

// labelCodes has the codes by mask.Label.
var labelCodes = [...]struct{ system, code, display string }{
	mask.LabelRedacted:      {observationValue, "REDACTED", "redacted"},
	mask.LabelAbstracted:    {observationValue, "ABSTRED", "abstracted"},
	mask.LabelPseudonymized: {observationValue, "PSEUDED", "pseudonymized"},
	mask.LabelMasked:        {observationValue, "MASKED", "masked"},
	mask.LabelScrubbed:      {veilLabel, "SCRUBBED", "free text scrubbed: needs expert review"},
}

// labelCodings has the codings of every set of labels, joined by commas.
var labelCodings = func() (all [32][]byte) {
	for set := range all {
		for l := mask.LabelRedacted; l <= mask.LabelScrubbed; l++ {
			if labelSet(set)&labelBit(l) == 0 {
				continue
			}
			if len(all[set]) > 0 {
				all[set] = append(all[set], ',')
			}
			c := labelCodes[l]
			all[set] = append(all[set], `{"system":"`+c.system+`","code":"`+c.code+`","display":"`+c.display+`"}`...)
		}
	}
	return all
}()

func labelOf(code []byte) labelSet {
	for l := mask.LabelRedacted; l <= mask.LabelMasked; l++ {
		if string(code) == labelCodes[l].code {
			return labelBit(l)
		}
	}
	return 0
}

// metaMark says where the labels of a resource go, as offsets in dst.
type metaMark struct {
	end      int // after the closing brace of meta, 0 if there is none
	security int // before the closing bracket of meta.security, 0 if none
}

// walkMeta walks the meta of a resource and records where its labels go.
func (w *Walker) walkMeta(d *decision, i int) (end int, kept bool) {
	if w.res.contained { // a contained resource has no labels of its own (dom-5)
		return w.object(d.child, i)
	}
	w.flush(i)
	w.res.meta, w.res.metaAt = metaMark{}, i
	end, kept = w.remembered(d.child, i)
	if kept {
		w.flush(end)
		w.res.meta.end = len(w.dst)
	} else {
		w.res.meta = metaMark{} // its marks are undone
	}
	return end, kept
}

// writeLabels adds the labels of what was done to the resource that ends at
// src[end-1], a brace that is still to be copied.
func (w *Walker) writeLabels(end int) {
	if w.res.start == w.first {
		w.res.labels |= w.part.carried
	}
	missing := w.res.labels &^ w.res.present
	if missing == 0 {
		return
	}
	w.pass.Counts[w.a.engine.label]++
	if w.recording > 0 {
		w.trail = append(w.trail, uint16(w.a.engine.label))
	}
	codings := labelCodings[missing]
	switch m := w.res.meta; {
	case m.security > 0:
		w.insert(m.security, ",", codings, "")
	case m.end > 0:
		w.insert(m.end-1, `,"security":[`, codings, "]")
	default:
		w.flush(end - 1)
		w.dst = append(append(append(w.dst, `,"meta":{"security":[`...), codings...), `]}`...)
	}
}

// insert inserts head, body and tail into dst before dst[at].
func (w *Walker) insert(at int, head string, body []byte, tail string) {
	n := len(head) + len(body) + len(tail)
	size := len(w.dst)
	w.dst = append(w.dst, body...) // grow dst by at least what is needed, in steps
	w.dst = append(append(w.dst, head...), tail...)
	copy(w.dst[at+n:], w.dst[at:size])
	copy(w.dst[at:], head)
	copy(w.dst[at+len(head):], body)
	copy(w.dst[at+len(head)+len(body):], tail)
}
