// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package catalog

import (
	"cmp"
	"embed"
	"encoding/json"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// samples has a file for each resource that events carry, named after
// [EventType.Object], and events.json: an eventSample for each event type, by
// product, whose sample is not just that file. The values are made up. The forms
// are those of the API's reference, version 2021-12-13, and of published events;
// where neither shows a resource, its form is an assumption.
//
//go:embed samples/*.json
var samples embed.FS

// eventSample describes how the sample of an event type is made.
type eventSample struct {
	// Base is another event type of the product. Patch applies to its object; by
	// default, to the sample of the resource.
	Base string `json:"base"`
	// Change is whether the event reports how its object differs from that of
	// Base.
	Change bool `json:"change"`
	// Patch is a JSON patch (RFC 6902).
	Patch jsonpatch.Patch `json:"patch"`
}

var eventSamples = sync.OnceValue(func() map[string]map[string]eventSample {
	var byProduct map[string]map[string]eventSample
	if err := json.Unmarshal(readSample("events"), &byProduct); err != nil {
		panic("samples/events.json: " + err.Error())
	}
	return byProduct
})

func readSample(name string) []byte {
	data, err := samples.ReadFile("samples/" + name + ".json")
	if err != nil {
		panic(err) // The files are part of the program.
	}
	return data
}

// Sample is sample data of an event.
type Sample struct {
	// Object is the resource that the event is about, as the event left it.
	Object json.RawMessage
	// PreviousAttributes are the attributes of Object that changed, with their
	// earlier values: null if there was none. Nil if the event reports no change.
	PreviousAttributes json.RawMessage
}

// Sample returns sample data of an event type, in test mode. The event type is
// one of [EventTypes], or found with [Lookup]; an older one has the sample of
// the type that replaced it. The state of the object fits the event type:
// https://docs.digitalriver.com/digital-river-api/order-management/events-and-webhooks-1/events-1
func (t EventType) Sample() Sample {
	how := eventSamples()[t.Product][cmp.Or(t.ReplacedBy, t.Type)]
	before := readSample(t.Object)
	if base, ok := LookupIn(t.Product, how.Base); ok {
		before = base.Sample().Object
	}
	var sample Sample
	var err error
	if sample.Object, err = how.Patch.Apply(before); err != nil {
		panic("samples/events.json: " + t.Type + ": " + err.Error())
	}
	if how.Change {
		if sample.PreviousAttributes, err = jsonpatch.CreateMergePatch(sample.Object, before); err != nil {
			panic("samples/events.json: " + t.Type + ": " + err.Error())
		}
	}
	return sample
}
