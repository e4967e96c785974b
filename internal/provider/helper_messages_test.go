// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// quotedMessages are the messages that a guide quotes, in the forms that
// TestGuides_quoteRealMessages describes, each on one line.
func quotedMessages(guide string) []string {
	var messages, paragraph []string
	endParagraph := func() {
		if text := strings.Join(paragraph, " "); strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
			messages = append(messages, text)
		}
		paragraph = nil
	}
	inFence, inOutput, notRun := false, false, false
	for line := range strings.Lines(guide) {
		line = strings.TrimSpace(line)
		if language, ok := strings.CutPrefix(line, "```"); ok {
			endParagraph()
			inFence = !inFence
			inOutput = inFence && notRun && (language == "" || language == "text")
			continue
		}
		if !inFence {
			notRun = strings.HasPrefix(line, "{{/* test: not run")
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				messages = append(messages, span[1])
			}
		}
		if !inOutput {
			continue
		}
		line = strings.TrimSpace(strings.TrimLeft(line, "╷│╵"))
		switch label := messageLabel.FindString(line); {
		case label != "":
			endParagraph()
			messages = append(messages, strings.TrimPrefix(line, label))
		case line == "":
			endParagraph()
		default:
			paragraph = append(paragraph, line)
		}
	}
	return messages
}

var (
	messageLabel = regexp.MustCompile(`^(Error|Warning|WARNING): `)
	codeSpan     = regexp.MustCompile("`(?:Error|Warning): ([^`]+)`")
)

// textsOfCode are the texts in the Go files of a folder, tests left out.
func textsOfCode(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	eachFile(t, dir, ".go", func(path string, content []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, textsOfFile(file)...)
	})
	return texts
}

// summariesOfCode are the summaries of the diagnostics in the Go files of a folder,
// as far as they are literal.
func summariesOfCode(t *testing.T, dir string) []string {
	t.Helper()
	var summaries []string
	eachFile(t, dir, ".go", func(path string, content []byte) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, content, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			selector, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			match := diagnosticCall.FindStringSubmatch(selector.Sel.Name)
			if match == nil {
				return true
			}
			at := 0
			if match[1] != "" { // The path of the attribute comes first.
				at = 1
			}
			if len(call.Args) <= at {
				return true
			}
			summary := call.Args[at]
			for {
				sum, ok := summary.(*ast.BinaryExpr)
				if !ok {
					break
				}
				summary = sum.X
			}
			if literal, ok := summary.(*ast.BasicLit); ok {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					summaries = append(summaries, strings.TrimSpace(text))
				}
			}
			return true
		})
	})
	return summaries
}

var diagnosticCall = regexp.MustCompile(`^(?:Add|New)(Attribute)?(?:Error|Warning)(?:Diagnostic)?$`)

// textsOfExamples are the messages that the checks in examples give.
func textsOfExamples(t *testing.T, dir string) []string {
	t.Helper()
	var texts []string
	eachFile(t, dir, ".tf", func(_ string, content []byte) {
		for _, message := range checkMessage.FindAllStringSubmatch(string(content), -1) {
			texts = append(texts, interpolation.ReplaceAllString(message[1], "%v"))
		}
	})
	return texts
}

var (
	checkMessage  = regexp.MustCompile(`(?m)^\s*error_message\s*=\s*"(.*)"$`)
	interpolation = regexp.MustCompile(`\$\{.*\}`)
)

func eachFile(t *testing.T, dir, ext string, do func(path string, content []byte)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ext {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil {
			do(path, content)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// textsOfFile are the texts in a file that are not descriptions of a schema, in
// the form of fmt's formats: other operands of a concatenation become %v.
func textsOfFile(file *ast.File) []string {
	var texts []string
	var visit func(node ast.Node) bool
	var flatten func(e ast.Expr) string
	flatten = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
				return text
			}
		case *ast.BinaryExpr:
			return flatten(e.X) + flatten(e.Y)
		default:
			ast.Inspect(e, visit)
		}
		return "%v"
	}
	visit = func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.KeyValueExpr:
			key, ok := node.Key.(*ast.Ident)
			return !ok || key.Name != "MarkdownDescription" && key.Name != "Description"
		case *ast.BinaryExpr:
			if node.Op == token.ADD {
				texts = append(texts, flatten(node))
				return false
			}
		case *ast.BasicLit:
			texts = append(texts, flatten(node))
		}
		return true
	}
	ast.Inspect(file, visit)
	return texts
}

// messagePatterns match each sentence of these formats, with anything in place of
// a verb.
func messagePatterns(formats []string) []*regexp.Regexp {
	var patterns []*regexp.Regexp
	for _, format := range formats {
		for _, sentence := range sentencesOf(format) {
			// A verb before a capital may stand for a whole sentence.
			for _, s := range []string{sentence, leadingVerb.ReplaceAllString(sentence, "$1")} {
				if pattern := sentencePattern(s); pattern != nil {
					patterns = append(patterns, pattern)
				}
			}
		}
	}
	return patterns
}

var leadingVerb = regexp.MustCompile(`^%[sv] ([A-Z])`)

var (
	paragraphEnd = regexp.MustCompile(`\n\s*\n`)
	sentenceEnd  = regexp.MustCompile(`[.?]\s+`)
)

// sentencesOf are the sentences of a text, capitalized and without their ends.
func sentencesOf(text string) []string {
	var sentences []string
	for _, paragraph := range paragraphEnd.Split(text, -1) {
		for _, sentence := range sentenceEnd.Split(strings.TrimSpace(paragraph), -1) {
			sentence = strings.Join(strings.Fields(strings.TrimRight(sentence, ".?")), " ")
			_, first := utf8.DecodeRuneInString(sentence)
			sentences = append(sentences, strings.ToUpper(sentence[:first])+sentence[first:])
		}
	}
	return sentences
}

var formatVerb = regexp.MustCompile(`%[-+#0-9.*]*[a-zA-Z%]`)

// sentencePattern matches a sentence of a format. It is nil for one with too few
// words of its own, which would match almost anything.
func sentencePattern(format string) *regexp.Regexp {
	verbs := formatVerb.FindAllString(format, -1)
	literals := formatVerb.Split(format, -1)
	words := strings.FieldsFunc(strings.Join(literals, " "), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) == 0 || len(words) == 1 && len(verbs) > 0 {
		return nil
	}
	pattern := ""
	for i, literal := range literals {
		pattern += regexp.QuoteMeta(literal)
		if i == len(verbs) {
			break
		}
		switch verbs[i][len(verbs[i])-1] {
		case '%':
			pattern += "%"
		case 'd':
			pattern += `-?\d+`
		case 'q':
			pattern += `"[^"]*"`
		default:
			pattern += `.+`
		}
	}
	return regexp.MustCompile("^" + pattern + "$")
}
