// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/pb33f/libopenapi/utils"
)

// mergeSnippet adds a snippet to a file of configuration, as a reader would do it: a
// block replaces the one of the same type and labels.
func mergeSnippet(file, snippet string) (string, error) {
	if file == "" {
		return snippet, nil
	}
	merged, diags := hclwrite.ParseConfig([]byte(file), "", hcl.InitialPos)
	if diags.HasErrors() {
		return "", diags
	}
	added, diags := hclwrite.ParseConfig([]byte(snippet), "", hcl.InitialPos)
	if diags.HasErrors() {
		return "", diags
	}
	for _, old := range merged.Body().Blocks() {
		if slices.ContainsFunc(added.Body().Blocks(), func(b *hclwrite.Block) bool {
			return b.Type() == old.Type() && slices.Equal(b.Labels(), old.Labels())
		}) {
			merged.Body().RemoveBlock(old)
		}
	}
	return string(merged.Bytes()) + "\n" + snippet, nil
}

// ownPart is a snippet without the blocks of other providers, which are not at
// hand. What these blocks take from this provider is in a local value of this name,
// so that it is validated. Without such blocks, it is the snippet itself.
func ownPart(name, snippet string) (string, error) {
	parsed, diags := hclwrite.ParseConfig([]byte(snippet), "", hcl.InitialPos)
	if diags.HasErrors() {
		return "", diags
	}
	var taken []string
	for _, b := range foreignBlocks(parsed.Body()) {
		source := b.BuildTokens(nil).Bytes()
		file, diags := hclsyntax.ParseConfig(source, "", hcl.InitialPos)
		if diags.HasErrors() {
			return "", diags
		}
		for _, traversal := range traversals(file.Body) {
			if text := string(traversal.SliceBytes(source)); ownTraversal.MatchString(text) {
				taken = append(taken, text)
			}
		}
		parsed.Body().RemoveBlock(b)
	}
	if taken == nil {
		return string(parsed.Bytes()), nil
	}
	return fmt.Sprintf("%s\nlocals {\n  %s = [%s]\n}\n", parsed.Bytes(), name, strings.Join(taken, ", ")), nil
}

var ownTraversal = regexp.MustCompile(`^((data|ephemeral)\.)?digitalriver_`)

// traversals are the places of all references in a body.
func traversals(body hcl.Body) []hcl.Range {
	var ranges []hcl.Range
	_ = hclsyntax.VisitAll(body.(*hclsyntax.Body), func(node hclsyntax.Node) hcl.Diagnostics {
		if e, ok := node.(*hclsyntax.ScopeTraversalExpr); ok {
			ranges = append(ranges, e.Range())
		}
		return nil
	})
	return ranges
}

// foreignBlocks are the blocks of other providers.
func foreignBlocks(body *hclwrite.Body) []*hclwrite.Block {
	return slices.DeleteFunc(body.Blocks(), func(b *hclwrite.Block) bool {
		switch b.Type() {
		case "resource", "data", "ephemeral":
			return strings.HasPrefix(b.Labels()[0], "digitalriver_") || b.Labels()[0] == "terraform_data"
		}
		return true
	})
}

// pipelineScripts are the scripts in a pipeline of GitHub or GitLab: the values of
// run and script.
func pipelineScripts(pipeline string) ([]string, error) {
	document, err := utils.ConvertYAMLtoJSON([]byte(pipeline))
	if err != nil {
		return nil, err
	}
	var decoded any
	if err := json.Unmarshal(document, &decoded); err != nil {
		return nil, err
	}
	var scripts []string
	var visit func(value any)
	visit = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, element := range value {
				visit(element)
			}
		case map[string]any:
			for name, member := range value {
				if name != "run" && name != "script" {
					visit(member)
					continue
				}
				lines, isList := member.([]any)
				if !isList {
					lines = []any{member}
				}
				script := ""
				for _, line := range lines {
					script += fmt.Sprintln(line)
				}
				scripts = append(scripts, script)
			}
		}
	}
	visit(decoded)
	return scripts, nil
}
