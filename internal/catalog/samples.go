package catalog

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// samples has a file for each resource that events carry, named after
// [EventType.Object], and patches.json, which has a JSON patch (RFC 6902) for
// each event type whose object differs from that file.
//
//go:embed samples/*.json
var samples embed.FS

var samplePatches = sync.OnceValue(func() map[string]jsonpatch.Patch {
	patches := map[string]jsonpatch.Patch{}
	if err := json.Unmarshal(readSample("patches"), &patches); err != nil {
		panic("samples/patches.json: " + err.Error())
	}
	return patches
})

func readSample(name string) []byte {
	data, err := samples.ReadFile("samples/" + name + ".json")
	if err != nil {
		panic(err) // The files are part of the program.
	}
	return data
}

// Sample returns a sample of what an event of the type carries as
// `data.object`: the Digital River API's if both products have the type. The
// values are made up. The shapes are those of the documentation; where it shows
// none, they follow the API's resource, and an event about a deletion carries
// the object as it was before. An unknown type is an error.
func Sample(eventType string) (json.RawMessage, error) {
	t, ok := Lookup(eventType)
	if !ok {
		return nil, fmt.Errorf("no sample for the unknown event type %q", eventType)
	}
	patch := samplePatches()[cmp.Or(t.ReplacedBy, t.Type)]
	return patch.Apply(readSample(t.Object))
}
