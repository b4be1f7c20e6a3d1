package arrow

import (
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// dictionary is a dictionary of the output: its values, and for each entry of the input's
// dictionary the index of its value, or -1. It is immutable.
type dictionary struct {
	values arrow.Array
	places []int
}

// keeper keeps the dictionaries of an input, with the entries that rows have used.
type keeper struct {
	*schema
	masker *table.Masker
	kept   []kept
}

// kept is the state of a dictionary so far.
type kept struct {
	// in identifies the dictionary of the input.
	in   arrow.ArrayData
	used []bool
	more bool // used has grown since current was made
	// texts are masked entries, by their place in the input's.
	texts   map[int]maskedEntry
	current *dictionary
}

// maskedEntry is a masked entry, or NULL.
type maskedEntry struct {
	text string
	ok   bool
}

// newKeeper returns a keeper. Masking entries counts nothing: cells are counted.
func newKeeper(s *schema) *keeper {
	k := &keeper{schema: s, masker: s.plan.Masker(mask.NewPass(s.plan.Actions)), kept: make([]kept, len(s.dictionaries))}
	for i, f := range s.dictionaries {
		empty := array.MakeArrayOfNull(memory.NewGoAllocator(), f.out.Type.(*arrow.DictionaryType).ValueType, 0)
		k.kept[i].current = &dictionary{values: empty}
	}
	return k
}

// see notes which entries the rows of a batch use.
func (k *keeper) see(rec arrow.RecordBatch) {
	if len(k.kept) == 0 {
		return
	}
	for i, f := range k.fields {
		if f.shown {
			k.node(f, rec.Column(i)).add(0, int(rec.NumRows()))
		}
	}
}

// dictionaries returns the dictionaries with all entries that were seen.
func (k *keeper) dictionaries() ([]*dictionary, error) {
	out := make([]*dictionary, len(k.kept))
	for i, f := range k.schema.dictionaries {
		d := &k.kept[i]
		if d.more {
			if err := k.renew(f, d); err != nil {
				return nil, err
			}
		}
		out[i] = d.current
	}
	return out, nil
}

// renew updates the current form of a dictionary.
func (k *keeper) renew(f *field, d *kept) error {
	entries := array.MakeFromData(d.in)
	out := &dictionary{places: make([]int, len(d.used))}
	valueType := f.out.Type.(*arrow.DictionaryType).ValueType
	if f.as == copied {
		n, node := 0, copyOf(entries, &budget{left: maxOutput})
		for i, used := range d.used {
			if out.places[i] = -1; used {
				node.add(i, i+1)
				out.places[i] = n
				n++
			}
		}
		out.values = array.MakeFromData(node.data(valueType))
	} else if err := k.mask(f, d, entries, out, valueType); err != nil {
		return err
	}
	d.current, d.more = out, false
	return nil
}

// mask masks the entries of a dictionary. They are sorted by their masked texts, since
// the order of the originals would reveal something about them, and equal ones are
// merged.
func (k *keeper) mask(f *field, d *kept, entries arrow.Array, out *dictionary, t arrow.DataType) error {
	values := valuesOf(entries, k.plan.Columns[f.column].Type)
	var fresh []int
	for i, used := range d.used {
		if _, known := d.texts[i]; !used || known {
			continue
		}
		if values.null(i) {
			d.texts[i] = maskedEntry{}
		} else {
			fresh = append(fresh, i)
		}
	}
	var texts []string
	for batch := range slices.Chunk(fresh, batchValues) {
		k.lookAhead(f, values, batch)
		for _, i := range batch {
			masked, ok, err := k.masker.AppendAlone(nil, values.text(nil, i), f.column)
			if err != nil {
				return err
			}
			d.texts[i] = maskedEntry{string(masked), ok}
		}
	}
	for _, e := range d.texts {
		if e.ok {
			texts = append(texts, e.text)
		}
	}
	slices.Sort(texts)
	texts = slices.Compact(texts)
	w := newWriter(t, &budget{left: maxOutput})
	texts = slices.DeleteFunc(texts, func(text string) bool { return !w.append([]byte(text)) }) // what does not fit is NULL
	for i := range out.places {
		out.places[i] = -1
		e, ok := d.texts[i]
		if ok = ok && e.ok; ok { // unused entries have none
			if out.places[i], ok = slices.BinarySearch(texts, e.text); !ok {
				out.places[i] = -1
			}
		}
	}
	out.values = array.MakeFromData(w.data(t))
	return nil
}

// lookAhead examines a batch of entries before they are masked.
func (k *keeper) lookAhead(f *field, values values, batch []int) {
	if !k.masker.LookAheadAlone(f.column) {
		return
	}
	for _, i := range batch {
		if !k.masker.LookAlone(values.text(nil, i), f.column) {
			return
		}
	}
}

// node returns a node that produces nothing, but notes which entries are used.
func (k *keeper) node(f *field, a arrow.Array) node {
	if f.column >= 0 {
		if d, ok := a.(*array.Dictionary); ok && f.dictionary >= 0 && f.as != removed {
			return k.user(&k.kept[f.dictionary], d)
		}
		return unused{}
	}
	if !f.hasDictionary() {
		return unused{}
	}
	arrays := childrenOf(a)
	children := make([]node, len(arrays))
	for i, c := range f.children {
		children[i] = unused{}
		if c.shown {
			children[i] = k.node(c, arrays[i])
		}
	}
	return nestedOf(a, children, &budget{left: maxOutput})
}

// hasDictionary reports whether a dictionary is written for a field or one below it.
func (f *field) hasDictionary() bool {
	return f.shown && (f.dictionary >= 0 || slices.ContainsFunc(f.children, (*field).hasDictionary))
}

// unused is a node for fields without a dictionary.
type unused struct{}

func (unused) add(int, int)                        {}
func (unused) null(int)                            {}
func (unused) data(arrow.DataType) arrow.ArrayData { return nil }

// user notes which entries of a dictionary are used.
type user struct {
	unused
	in   *array.Dictionary
	kept *kept
}

func (k *keeper) user(d *kept, a *array.Dictionary) node {
	if in := a.Dictionary().Data(); d.in != in {
		d.in, d.used, d.texts, d.more = in, make([]bool, in.Len()), map[int]maskedEntry{}, true
	}
	return user{in: a, kept: d}
}

func (u user) add(from, to int) {
	for i := from; i < to; i++ {
		if !u.in.IsNull(i) {
			entry := u.in.GetValueIndex(i)
			if !u.kept.used[entry] {
				u.kept.used[entry], u.kept.more = true, true
			}
		}
	}
}
