// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// object is a JSON object of an OpenAPI document.
type object = map[string]any

// spec is an OpenAPI document as plain JSON.
type spec object

// resolve returns the object that v is or refers to, and the name of the
// component if v is a reference.
func (s spec) resolve(v any) (o object, name string) {
	o, _ = v.(object)
	ref, _ := o["$ref"].(string)
	if ref == "" {
		return o, ""
	}
	target := object(s)
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		target, _ = target[part].(object)
		name = part
	}
	return target, name
}

// errorCodes returns the codes of errors. The document lists them in a table of
// its description.
func (s spec) errorCodes() map[string]bool {
	info, _ := s["info"].(object)
	description, _ := info["description"].(string)
	_, list, _ := strings.Cut(description, "## Error codes")
	codes := map[string]bool{}
	for _, match := range errorCode.FindAllStringSubmatch(list, -1) {
		codes[match[1]] = true
	}
	return codes
}

var errorCode = regexp.MustCompile(`<td>([a-z_-]+)</td>`)

// operation is an operation of a document with its references resolved.
type operation struct {
	parameters map[string]object // By place and name, such as "query limit".
	body       object            // The request body; nil if there is none.
	responses  map[string]object // By status.
}

// operations returns the operations on webhooks and events by method and path.
func (s spec) operations() map[string]operation {
	found := map[string]operation{}
	paths, _ := s["paths"].(object)
	for path, value := range paths {
		if root := strings.Split(path, "/")[1]; root != "webhooks" && root != "events" {
			continue
		}
		item, _ := value.(object)
		for method, value := range item {
			members, ok := value.(object)
			if !ok { // The parameters of all operations.
				continue
			}
			o := operation{parameters: map[string]object{}, responses: map[string]object{}}
			for _, list := range []any{item["parameters"], members["parameters"]} {
				parameters, _ := list.([]any)
				for _, value := range parameters {
					p, _ := s.resolve(value)
					o.parameters[fmt.Sprintf("%s %s", p["in"], p["name"])] = p
				}
			}
			o.body, _ = s.resolve(members["requestBody"])
			responses, _ := members["responses"].(object)
			for status, value := range responses {
				o.responses[status], _ = s.resolve(value)
			}
			found[strings.ToUpper(method)+" "+path] = o
		}
	}
	return found
}

// compare returns how the sandbox's document differs from the service's in its
// operations on webhooks and events. What differs in a component is reported
// once, under the name of the sandbox's component.
func compare(service, sandbox spec) findings {
	c := comparison{service: service, sandbox: sandbox, found: findings{}}
	theirs, ours := service.operations(), sandbox.operations()
	var common []string
	for _, name := range union(theirs, ours) {
		if c.both(name, has(theirs, name), has(ours, name)) {
			common = append(common, name)
		}
	}
	for _, name := range common {
		c.operation(name, theirs[name], ours[name])
	}
	return c.found.generalized(common)
}

// comparison collects the differences between two documents.
type comparison struct {
	service, sandbox spec
	found            findings
}

// both reports whether both documents have something. If only one has it, that
// is a finding.
func (c *comparison) both(at string, inService, inSandbox bool) bool {
	if inService != inSandbox {
		c.found.add(at, "only in the %s", side(inService))
	}
	return inService && inSandbox
}

func side(inService bool) string {
	if inService {
		return "document"
	}
	return "sandbox"
}

func (c *comparison) operation(name string, theirs, ours operation) {
	for _, p := range union(theirs.parameters, ours.parameters) {
		at := name + ": " + p
		if c.both(at, has(theirs.parameters, p), has(ours.parameters, p)) {
			a, b := theirs.parameters[p], ours.parameters[p]
			c.members(at, withDefaults(a), withDefaults(b), "required", "style", "explode")
			c.schemas(at, a["schema"], b["schema"])
		}
	}
	if c.both(name+": request", theirs.body != nil, ours.body != nil) {
		c.members(name+": request", theirs.body, ours.body, "required")
		c.contents(name+": request", theirs.body, ours.body)
	}
	for _, status := range union(theirs.responses, ours.responses) {
		at := name + ": " + status
		if c.both(at, has(theirs.responses, status), has(ours.responses, status)) {
			c.contents(at, theirs.responses[status], ours.responses[status])
		}
	}
}

// withDefaults returns a parameter with the members that it may leave out:
// https://spec.openapis.org/oas/v3.0.3#parameter-object
func withDefaults(parameter object) object {
	full := object{"required": false, "style": "simple"}
	if parameter["in"] == "query" {
		full["style"] = "form"
	}
	maps.Copy(full, parameter)
	if full["explode"] == nil {
		full["explode"] = full["style"] == "form"
	}
	return full
}

// contents compares the bodies of a request or response by media type.
func (c *comparison) contents(at string, theirs, ours object) {
	a, _ := theirs["content"].(object)
	b, _ := ours["content"].(object)
	for _, mediaType := range union(a, b) {
		if c.both(at+" "+mediaType, has(a, mediaType), has(b, mediaType)) {
			x, _ := a[mediaType].(object)
			y, _ := b[mediaType].(object)
			c.schemas(at, x["schema"], y["schema"])
		}
	}
}

// annotations are the keywords of a schema that constrain nothing.
var annotations = []string{"title", "description", "example", "examples", "readOnly"}

func (c *comparison) schemas(at string, theirs, ours any) {
	a, _ := c.service.schema(theirs)
	b, name := c.sandbox.schema(ours)
	if name != "" {
		at = name
	}
	if forms, ok := b["oneOf"].([]any); ok && a["oneOf"] == nil && isForm(forms[0]) {
		for _, form := range forms[1:] {
			_, name := c.sandbox.schema(form)
			c.found.add(at, "also %s, only in the sandbox", name)
		}
		c.schemas(at, theirs, forms[0])
		return
	}
	var keywords []string
	for _, keyword := range union(a, b) {
		switch keyword {
		case "properties", "required":
		case "items":
			if encode(a["type"]) == encode(b["type"]) {
				c.schemas(at+"[]", a[keyword], b[keyword])
			}
		default:
			if !slices.Contains(annotations, keyword) {
				keywords = append(keywords, keyword)
			}
		}
	}
	c.members(at, a, b, keywords...)
	c.properties(at, a, b)
}

func (c *comparison) properties(at string, theirs, ours object) {
	a, _ := theirs["properties"].(object)
	b, _ := ours["properties"].(object)
	for _, name := range union(a, b) {
		if c.both(at+"."+name, has(a, name), has(b, name)) {
			c.schemas(at+"."+name, a[name], b[name])
		}
	}
	requiredByA, requiredByB := set(theirs["required"]), set(ours["required"])
	for _, name := range union(requiredByA, requiredByB) {
		if requiredByA[name] != requiredByB[name] && has(a, name) == has(b, name) {
			c.found.add(at+"."+name, "required only in the %s", side(requiredByA[name]))
		}
	}
}

// schema returns a schema in one form for all that mean the same: that of OpenAPI
// 3.0 where 3.1 has another for "nullable". The name is that of the component.
func (s spec) schema(v any) (schema object, name string) {
	schema, name = s.resolve(v)
	schema = maps.Clone(schema)
	if values, ok := schema["enum"].([]any); ok {
		schema["enum"] = slices.SortedFunc(slices.Values(values), func(a, b any) int {
			return strings.Compare(encode(a), encode(b))
		})
	}
	if encode(schema["minItems"]) == "0" {
		delete(schema, "minItems")
	}
	if types, ok := schema["type"].([]any); ok && len(types) == 2 && types[1] == "null" {
		schema["type"], schema["nullable"] = types[0], true
	}
	if forms, ok := schema["oneOf"].([]any); ok && len(forms) == 2 && isNull(forms[1]) {
		schema, name = s.schema(forms[0])
		schema["nullable"] = true
	}
	return schema, name
}

func isNull(schema any) bool {
	o, _ := schema.(object)
	return o["type"] == "null"
}

// isForm reports whether an alternative describes a value of its own, and not
// only a condition.
func isForm(schema any) bool {
	o, _ := schema.(object)
	return o["$ref"] != nil || o["type"] != nil
}

// members compares some members of two objects by their JSON.
func (c *comparison) members(at string, theirs, ours object, names ...string) {
	for _, name := range names {
		a, b := encode(theirs[name]), encode(ours[name])
		switch {
		case a == b:
		case a == "":
			c.found.add(at, "%s %s only in the sandbox", name, b)
		case b == "":
			c.found.add(at, "%s %s only in the document", name, a)
		default:
			c.found.add(at, "%s %s in the document, %s in the sandbox", name, a, b)
		}
	}
}

func encode(value any) string {
	if value == nil {
		return ""
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// union returns the keys of both maps, sorted.
func union[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func has[V any](m map[string]V, key string) bool {
	_, ok := m[key]
	return ok
}

func set(list any) map[string]bool {
	names := map[string]bool{}
	values, _ := list.([]any)
	for _, value := range values {
		names[fmt.Sprint(value)] = true
	}
	return names
}
