package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWalksNameFunctions: each function that the walks of docs/architecture.md name is
// there, and a step calls only into its own package, or into one that it imports.
func TestWalksNameFunctions(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string]string{} // all that a package depends on, each in spaces
	for _, p := range packages(t) {
		imports[strings.TrimPrefix(p.ImportPath, module)] = " " + strings.ReplaceAll(strings.Join(p.Deps, " "), module, "") + " "
	}
	declared := map[string]map[string]bool{}
	walks := regexp.MustCompile(`(?s)\n## Walk: ([^\n]*)\n(.*?)\n## `).FindAllStringSubmatch(strings.ReplaceAll(string(page), "\n## Walk", "\n## \n## Walk"), -1)
	if len(walks) != 3 {
		t.Fatalf("%d walks", len(walks))
	}
	step := regexp.MustCompile("(?m)^( *)- `([a-z0-9/]+)\\.([A-Za-z.]+)`")
	for _, walk := range walks {
		steps := step.FindAllStringSubmatch(walk[2], -1)
		if len(steps) < 10 {
			t.Errorf("%s: %d steps", walk[1], len(steps))
		}
		above := []string{} // the packages of the callers
		for _, s := range steps {
			depth, pkg, name := len(s[1])/2, s[2], s[3]
			if declared[pkg] == nil {
				declared[pkg] = declarations(t, filepath.Join(root, filepath.FromSlash(pkg)))
			}
			if !declared[pkg][name] {
				t.Errorf("%s: there is no %s in %s", walk[1], name, pkg)
			}
			if depth > len(above) {
				t.Fatalf("%s: %s.%s is too deep", walk[1], pkg, name)
			}
			above = append(above[:depth], pkg)
			if depth == 0 || above[depth-1] == pkg {
				continue
			}
			// A format and a document are called through an interface of package file.
			if caller := above[depth-1]; caller != "file" && !strings.Contains(imports[caller], " "+pkg+" ") {
				t.Errorf("%s: %s does not import %s, which %s is in", walk[1], caller, pkg, name)
			}
			if strings.Contains(imports[pkg], " "+above[depth-1]+" ") && above[depth-1] != "file" {
				t.Errorf("%s: %s.%s goes back up to a package that imports its caller", walk[1], pkg, name)
			}
		}
	}
}

// declarations are the functions, methods and methods of interfaces of a package, as
// name or Type.name.
func declarations(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				name := n.Name.Name
				if n.Recv != nil {
					typ := n.Recv.List[0].Type
					if star, ok := typ.(*ast.StarExpr); ok {
						typ = star.X
					}
					if id, ok := typ.(*ast.Ident); ok {
						name = id.Name + "." + name
					}
				}
				names[name] = true
			case *ast.TypeSpec:
				if i, ok := n.Type.(*ast.InterfaceType); ok {
					for _, m := range i.Methods.List {
						for _, id := range m.Names {
							names[n.Name.Name+"."+id.Name] = true
						}
					}
				}
			}
			return true
		})
	}
	return names
}
