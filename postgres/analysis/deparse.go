package analysis

import "google.golang.org/protobuf/reflect/protoreflect"

// maxMessages bounds how deep the tree of a statement may be that is written anew, in
// messages: two an operator, four a sub-select, ten a CASE around one. 188 break the parser.
const maxMessages = 160

// messages is how deep messages stand within messages. The writer of SQL reads its tree
// on a small stack without a guard, whose overflow breaks the parser for all statements
// to come, so that what nests deeper than maxMessages must not come before it.
func messages(m protoreflect.Message) int {
	deepest := 0
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				deepest = max(deepest, messages(v.List().Get(i).Message()))
			}
		default:
			deepest = max(deepest, messages(v.Message()))
		}
		return true
	})
	return deepest + 1
}
