package sqlflow

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
		for _, name := range []protoreflect.Name{"location", "stmt_location", "stmt_len"} {
			if fd := r.Descriptor().Fields().ByName(name); fd != nil {
				r.Clear(fd)
			}
		}
	})
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
