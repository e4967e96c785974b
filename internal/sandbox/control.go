package sandbox

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// controlRoot is the path of the control endpoints.
const controlRoot = "/_sandbox"

type controlOperation struct {
	method string
	run    func(s *Sandbox, query url.Values, body []byte) (answer, error)
}

var controlEndpoints = map[string][]controlOperation{
	controlRoot + "/health": {{http.MethodGet, (*Sandbox).health}},
	controlRoot + "/requests": {
		{http.MethodGet, (*Sandbox).listRequests},
		{http.MethodDelete, (*Sandbox).clearRequests},
	},
	controlRoot + "/faults": {
		{http.MethodGet, (*Sandbox).listFaults},
		{http.MethodPut, (*Sandbox).setFaults},
	},
	controlRoot + "/events":     {{http.MethodPost, (*Sandbox).triggerEvent}},
	controlRoot + "/deliveries": {{http.MethodGet, (*Sandbox).listDeliveries}},
	controlRoot + "/clock":      {{http.MethodPost, (*Sandbox).advanceClock}},
	controlRoot + "/reset":      {{http.MethodPost, (*Sandbox).reset}},
}

// control serves the endpoints that steer the sandbox itself.
func (s *Sandbox) control(path string, r *http.Request) answer {
	operations, ok := controlEndpoints[path]
	if !ok {
		return unknownPath(path).answer()
	}
	var allowed []string
	for _, o := range operations {
		if o.method == r.Method {
			return o.answer(s, r)
		}
		allowed = append(allowed, o.method)
	}
	return methodNotAllowed(r.Method, allowed...).answer()
}

func (o controlOperation) answer(s *Sandbox, r *http.Request) answer {
	body, err := readBody(r)
	if err != nil {
		return errorAnswer(err)
	}
	a, err := o.run(s, r.URL.Query(), body)
	if err != nil {
		return errorAnswer(err)
	}
	return a
}

var noContent = answer{status: http.StatusNoContent}

func (s *Sandbox) health(url.Values, []byte) (answer, error) {
	return jsonAnswer(http.StatusOK, []byte(`{"status":"ok"}`)), nil
}

func (s *Sandbox) listRequests(url.Values, []byte) (answer, error) {
	return jsonAnswer(http.StatusOK, encode(s.requests.list())), nil
}

func (s *Sandbox) clearRequests(url.Values, []byte) (answer, error) {
	s.requests.clear()
	return noContent, nil
}

func (s *Sandbox) listFaults(url.Values, []byte) (answer, error) {
	return jsonAnswer(http.StatusOK, encode(s.faults.list())), nil
}

// setFaults replaces all rules and answers with them.
func (s *Sandbox) setFaults(_ url.Values, body []byte) (answer, error) {
	rules, err := decodeRules(body)
	if err != nil {
		return answer{}, err
	}
	a := jsonAnswer(http.StatusOK, encode(rules))
	s.faults.set(rules)
	return a, nil
}

// advanceClock moves the clock on and answers with its time.
func (s *Sandbox) advanceClock(_ url.Values, body []byte) (answer, error) {
	members, err := decodeObject(body)
	if err != nil {
		return answer{}, err
	}
	var p problems
	var d duration
	if value, given := members["advance"]; given {
		d = decodeDuration(&p, "advance", value)
		delete(members, "advance")
	} else {
		p.add(codeMissing, "advance", "advance must be given: a duration such as 24h.")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		p.add(codeInvalid, name, "%s is not a member of a clock change.", name)
	}
	if err := p.err(); err != nil {
		return answer{}, err
	}
	if err := s.store.advance(time.Duration(d)); err != nil {
		return answer{}, err
	}
	s.courier.clockMoved()
	s.store.disableFailing()
	return jsonAnswer(http.StatusOK, encode(map[string]timestamp{"time": {s.store.clock.now()}})), nil
}

// reset is back to the empty sandbox of a first start.
func (s *Sandbox) reset(url.Values, []byte) (answer, error) {
	s.resetting.Lock()
	defer s.resetting.Unlock()
	s.courier.stop()
	defer s.courier.start()
	s.faults.reset()
	s.requests.clear()
	return noContent, s.store.reset()
}
