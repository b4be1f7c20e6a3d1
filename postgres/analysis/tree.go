package analysis

import (
	pg "github.com/pganalyze/pg_query_go/v6"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// walk calls f for a message and every message in it.
func walk(m protoreflect.Message, f func(m any)) {
	f(m.Interface())
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if fd.Kind() != protoreflect.MessageKind {
			return true
		}
		if fd.IsList() {
			for i := range v.List().Len() {
				walk(v.List().Get(i).Message(), f)
			}
			return true
		}
		walk(v.Message(), f)
		return true
	})
}

// unplace takes the locations out of a tree, so that it does not point into a text
// that it does not come from.
func unplace(m protoreflect.Message) {
	walk(m, func(x any) {
		r := x.(proto.Message).ProtoReflect()
		r.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			if isLocation(fd) {
				r.Clear(fd)
			}
			return true
		})
	})
}

// sameTree compares two trees but for locations. A field that is not set is equal to
// one that is empty.
func sameTree(x, y protoreflect.Message) bool {
	if x.Descriptor() != y.Descriptor() {
		return false
	}
	n := 0
	same := true
	x.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if isLocation(fd) {
			return true
		}
		n++
		same = y.Has(fd) && sameField(fd, v, y.Get(fd))
		return same
	})
	if !same {
		return false
	}
	y.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !isLocation(fd) {
			n--
		}
		return true
	})
	return n == 0
}

func sameField(fd protoreflect.FieldDescriptor, x, y protoreflect.Value) bool {
	switch {
	case fd.IsList():
		l, r := x.List(), y.List()
		if l.Len() != r.Len() {
			return false
		}
		for i := range l.Len() {
			if fd.Kind() != protoreflect.MessageKind && !l.Get(i).Equal(r.Get(i)) ||
				fd.Kind() == protoreflect.MessageKind && !sameTree(l.Get(i).Message(), r.Get(i).Message()) {
				return false
			}
		}
		return true
	case fd.Kind() == protoreflect.MessageKind:
		return sameTree(x.Message(), y.Message())
	}
	return x.Equal(y)
}

func isLocation(fd protoreflect.FieldDescriptor) bool {
	switch fd.Name() {
	case "location", "stmt_location", "stmt_len":
		return true
	}
	return false
}

func clone(n *pg.Node) *pg.Node { return proto.Clone(n).(*pg.Node) }

// location is where a node stands in the statement, in bytes; 0 where that is not
// known.
func location(n *pg.Node) int32 {
	if n == nil || n.Node == nil {
		return 0
	}
	at := int32(0)
	m := n.ProtoReflect()
	m.Range(func(_ protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		inner := v.Message()
		if fd := inner.Descriptor().Fields().ByName("location"); fd != nil {
			at = int32(inner.Get(fd).Int())
		}
		return false
	})
	if at == 0 {
		if i := n.GetAIndirection(); i != nil {
			return location(i.Arg)
		}
	}
	return at
}
