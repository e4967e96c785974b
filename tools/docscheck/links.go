// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// registry is where a registry shows the overview. It shows docs/guides/x.md below
// that, as guides/x.
//
// A registry does not rewrite relative links, but accepts the extension .md. The
// overview has no slash at the end of its address, so relative links from it, and
// to it, lead elsewhere; they must be absolute. See
// https://github.com/BerriAI/terraform-provider-litellm/pull/65 and
// https://github.com/cloudflare/terraform-provider-cloudflare/pull/7218.
const registry = "https://registry.terraform.io/providers/digitalriver/digitalriver/latest/docs"

const overview = "index.md"

// pages are the Markdown files of docs/, by path below it.
type pages map[string]string

// checkLinks returns an error that names every link between pages of docs that
// leads nowhere, on GitHub or on a registry, and every guide that the overview does
// not link to.
func checkLinks(docs string) (n int, err error) {
	all := pages{}
	err = filepath.WalkDir(docs, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".md" {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(docs, file)
		all[filepath.ToSlash(name)] = fences.ReplaceAllString(string(content), "")
		return err
	})
	if err != nil {
		return 0, err
	}
	var problems []error
	linked := map[string]bool{}
	for name, content := range all {
		for _, match := range link.FindAllStringSubmatch(content, -1) {
			target, problem := all.resolve(name, match[1])
			if problem != "" {
				problems = append(problems, fmt.Errorf("docs/%s: the link to %s %s", name, match[1], problem))
			}
			if name == overview {
				linked[target] = true
			}
			n++
		}
	}
	for name := range all {
		if path.Dir(name) == "guides" && !linked[name] {
			problems = append(problems, fmt.Errorf("docs/%s does not link to docs/%s", overview, name))
		}
	}
	return n, errors.Join(problems...)
}

// resolve returns the page that a link on a page leads to, "" for one elsewhere,
// and what is wrong with the link.
func (p pages) resolve(from, link string) (page, problem string) {
	target, anchor, _ := strings.Cut(link, "#")
	switch rest, onRegistry := strings.CutPrefix(target, registry); {
	case target == "":
		page = from
	case onRegistry && rest == "":
		page = overview
	case onRegistry:
		page = strings.TrimPrefix(rest, "/") + ".md"
	case strings.Contains(target, "://"):
		return "", ""
	case from == overview:
		return "", "must be absolute: " + registry + "/..."
	default:
		page = path.Join(path.Dir(from), target)
		if page == overview {
			return "", "must be absolute: " + registry
		}
	}
	content, ok := p[page]
	if !ok {
		return "", "leads to no page"
	}
	if anchor != "" && !strings.Contains(content, `id="`+anchor+`"`) && !hasHeading(content, anchor) {
		return page, "leads to no heading"
	}
	return page, ""
}

// hasHeading reports whether a page has a heading that GitHub and registries give
// this anchor.
func hasHeading(content, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(content, -1) {
		text := notInAnchor.ReplaceAllString(strings.ToLower(match[1]), "")
		if strings.ReplaceAll(text, " ", "-") == anchor {
			return true
		}
	}
	return false
}

var (
	fences      = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)
