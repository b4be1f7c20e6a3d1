package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// promised are exported names that no other package uses, and why.
var promised = map[string]string{
	"discover/values.Profile.Placeholders": "what was counted, as Nulls",

	"proxy/jobs/work.Postgres":   "for the page of discovery",
	"audit/index.Status.Rebuilt": "for the console's page of the audit log",

	"text.ReplacerFunc": "for engines that replace by more than a label",
}

// TestExportedIsUsed: what a package exports, another one uses, or it is promised. It goes
// by names, not by types, so that it takes a second: a method or field counts as used if
// another package uses any of that name. Constants of an exported type are its values,
// and fields with a tag are read by reflection. Packages of test support and those below
// internal, which promise nothing, are exempt.
func TestExportedIsUsed(t *testing.T) {
	t.Parallel()
	u := usage{names: map[string]map[string]bool{}, selected: map[string]map[string]bool{}, methods: map[string]bool{}}
	for _, name := range []string{"Error", "Unwrap", "Is", "As", "String", "Read", "Write", "Close", "Set", "Type", "Len", "Less", "Swap", "Push", "Pop", "ServeHTTP", "RoundTrip", "ReadByte", "MarshalJSON", "UnmarshalYAML", "MarshalYAML", "UnmarshalJSON", "MarshalText", "UnmarshalText", "Describe", "Collect", "Flush", "Header", "WriteHeader", "LogValue", "Format"} {
		u.methods[name] = true
	}
	var exported []name
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if n := d.Name(); n == "testdata" || n == "dist" || n != ".." && strings.HasPrefix(n, ".") {
				return filepath.SkipDir
			}
			return nil
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		u.read(pkg, file)
		if !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(pkg, "test") && !strings.HasPrefix(pkg, "internal/") && file.Name.Name != "main" {
			exported = append(exported, names(pkg, file)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(exported) < 500 {
		t.Fatalf("%d exported names", len(exported))
	}
	unused := map[string]bool{}
	for _, n := range exported {
		if !u.has(n) {
			unused[n.String()] = true
			if promised[n.String()] == "" {
				t.Errorf("%s is exported, and no other package uses it", n)
			}
		}
	}
	for n := range promised {
		if !unused[n] {
			t.Errorf("%s is gone, or used: it needs no promise", n)
		}
	}
}

// name is an exported name of a package, or a member of one of its types.
type name struct{ pkg, top, member string }

func (n name) String() string {
	if n.member == "" {
		return n.pkg + "." + n.top
	}
	return n.pkg + "." + n.top + "." + n.member
}

// usage is what packages use.
type usage struct {
	names    map[string]map[string]bool // by package: names that others use, or that its exported declarations mention
	selected map[string]map[string]bool // by name of a member: packages that use one of that name
	methods  map[string]bool            // of interfaces
}

func (u *usage) has(n name) bool {
	if n.member == "" {
		return u.names[n.pkg][n.top]
	}
	if u.methods[n.member] {
		return true
	}
	for pkg := range u.selected[n.member] {
		if pkg != n.pkg {
			return true
		}
	}
	return false
}

func (u *usage) add(m map[string]map[string]bool, k, v string) {
	if m[k] == nil {
		m[k] = map[string]bool{}
	}
	m[k][v] = true
}

// read notes what a file of a package uses.
func (u *usage) read(pkg string, file *ast.File) {
	imports := map[string]string{}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		inner, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		as := inner[strings.LastIndexByte(inner, '/')+1:]
		if i.Name != nil {
			as = i.Name.Name
		}
		imports[as] = inner
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			u.add(u.selected, n.Sel.Name, pkg)
			if x, ok := n.X.(*ast.Ident); ok && imports[x.Name] != "" && imports[x.Name] != pkg {
				u.add(u.names, imports[x.Name], n.Sel.Name)
			}
		case *ast.CompositeLit:
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok {
					if k, ok := kv.Key.(*ast.Ident); ok {
						u.add(u.selected, k.Name, pkg)
					}
				}
			}
		case *ast.InterfaceType:
			for _, m := range n.Methods.List {
				for _, id := range m.Names {
					u.methods[id.Name] = true
				}
			}
		}
		return true
	})
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
				u.mention(pkg, d.Type)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						u.mention(pkg, s.Type)
					}
				case *ast.ValueSpec:
					if s.Type != nil && s.Names[0].IsExported() {
						u.mention(pkg, s.Type)
					}
				}
			}
		}
	}
}

// mention notes the names in a type of an exported declaration: who uses the one, uses
// the other.
func (u *usage) mention(pkg string, typ ast.Node) {
	ast.Inspect(typ, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field: // unexported fields of a struct mention nothing
			st, ok := typ.(*ast.StructType)
			return !ok || !slices.Contains(st.Fields.List, n) || n.Names == nil || slices.ContainsFunc(n.Names, (*ast.Ident).IsExported)
		case *ast.Ident:
			u.add(u.names, pkg, n.Name)
		}
		return true
	})
}

// names are the exported names of a file, but constants of an exported type.
func names(pkg string, file *ast.File) (out []name) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if !d.Name.IsExported() {
				continue
			}
			n := name{pkg, d.Name.Name, ""}
			if d.Recv != nil {
				if n = (name{pkg, receiver(d), d.Name.Name}); !ast.IsExported(n.top) {
					continue
				}
			}
			out = append(out, n)
		case *ast.GenDecl:
			enumeration := false // an untyped constant behind one of a type has its type
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() {
						out = append(append(out, name{pkg, s.Name.Name, ""}), fields(pkg, s)...)
					}
				case *ast.ValueSpec:
					if s.Type != nil || s.Values != nil {
						id, ok := s.Type.(*ast.Ident)
						enumeration = d.Tok == token.CONST && ok && id.IsExported()
					}
					for _, id := range s.Names {
						if id.IsExported() && !enumeration {
							out = append(out, name{pkg, id.Name, ""})
						}
					}
				}
			}
		}
	}
	return out
}

// receiver is the name of the type of a method.
func receiver(d *ast.FuncDecl) string {
	recv := d.Recv.List[0].Type
	if p, ok := recv.(*ast.StarExpr); ok {
		recv = p.X
	}
	if g, ok := recv.(*ast.IndexExpr); ok {
		recv = g.X
	}
	if id, ok := recv.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// fields are the exported fields of a struct that have no tag.
func fields(pkg string, s *ast.TypeSpec) (out []name) {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, f := range st.Fields.List {
		if f.Tag != nil {
			continue
		}
		for _, id := range f.Names {
			if id.IsExported() {
				out = append(out, name{pkg, s.Name.Name, id.Name})
			}
		}
	}
	return out
}
