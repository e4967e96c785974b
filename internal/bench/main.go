// Command bench measures the provider against the floor: a provider on the same
// framework that asks no API. It prints a table and writes a CSV file.
package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/catalog"
)

func main() {
	log.SetFlags(0)
	cli := flag.String("cli", "terraform", "terraform or tofu")
	runs := flag.Int("runs", 5, "runs of each measurement; their median counts")
	only := flag.String("only", "", "measure only what has this in its name")
	csvFile := flag.String("csv", "bench.csv", "where the CSV file goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *cli, *runs, *only, *csvFile); err != nil {
		log.Fatal(err)
	}
}

// row is one line of the table. Floor is what the same takes with a provider
// that asks no API, ratio measured to floor, and echo what it takes with a
// provider of the same schema that does nothing.
type row struct{ work, measured, floor, ratio, echo, requests, bar, verdict string }

func run(ctx context.Context, cli string, runs int, only, csvFile string) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{ctx: ctx, cli: cli, runs: runs, dir: dir, rows: nil}
	if err := b.build(); err != nil {
		return err
	}
	for _, work := range b.works() {
		if !strings.Contains(work.name, only) {
			continue
		}
		log.Printf("measuring: %s", work.name)
		if err := work.run(); err != nil {
			return fmt.Errorf("%s: %w", work.name, err)
		}
	}
	b.print()
	return b.writeCSV(csvFile)
}

type bench struct {
	ctx    context.Context
	cli    string
	runs   int
	dir    string
	binary string
	rows   []row
}

type work struct {
	name string
	run  func() error
}

func (b *bench) works() []work {
	return []work{
		{"plan of 100", func() error { return b.plan(100, 10, 1.25) }},
		{"plan of 1000", func() error { return b.plan(1000, 10, 1.25) }},
		{"plan of 1000, 60 types", func() error { return b.plan(1000, 60, 1.5) }},
		{"plan of 5000", func() error { return b.plan(5000, 10, 1.25) }},
		{"one of 1000", b.one},
		{"change of one among 1000", b.change},
		{"create 200", b.create},
		{"create 500 at the limit", b.createAtLimit},
		{"schema", b.schema},
		{"binary", b.size},
	}
}

func (b *bench) build() error {
	providers, echo := filepath.Join(b.dir, "providers"), filepath.Join(b.dir, "echo")
	b.binary = filepath.Join(providers, "terraform-provider-digitalriver")
	for binary, source := range map[string]string{
		b.binary: ".",
		filepath.Join(providers, "terraform-provider-floor"):   "./internal/bench/floor",
		filepath.Join(echo, "terraform-provider-digitalriver"): "./internal/bench/echo",
	} {
		build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, source)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", source, err, out)
		}
	}
	if err := overrides(b.file("cli.tfrc"), providers); err != nil {
		return err
	}
	return overrides(b.file("echo.tfrc"), echo)
}

// overrides writes a CLI configuration that takes the providers from a folder.
func overrides(file, providers string) error {
	return os.WriteFile(file, fmt.Appendf(nil,
		"provider_installation {\n  dev_overrides {\n    \"digitalriver/digitalriver\" = %q\n    \"digitalriver/floor\" = %[1]q\n  }\n}\n", providers), 0o600)
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

// workspace is a folder with a configuration.
type workspace struct {
	b   *bench
	dir string
	env []string
}

func (b *bench) workspace(provider, config string) (*workspace, error) {
	dir, err := os.MkdirTemp(b.dir, "workspace-")
	if err != nil {
		return nil, err
	}
	w := &workspace{b: b, dir: dir, env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+b.file("cli.tfrc"), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1")}
	return w, w.write(provider, config)
}

func (w *workspace) write(provider, config string) error {
	head := fmt.Sprintf("terraform {\n  required_providers {\n    %s = {\n      source = \"digitalriver/%[1]s\"\n    }\n  }\n}\n", provider)
	return os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(head+config), 0o600)
}

// result is what one run took.
type result struct {
	wall time.Duration
	peak int64 // bytes that the provider's process had resident at most
}

func (w *workspace) run(args ...string) (result, error) {
	command := exec.CommandContext(w.b.ctx, w.b.cli, args...)
	command.Dir, command.Env = w.dir, w.env
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	begun := time.Now()
	if err := command.Start(); err != nil {
		return result{}, err
	}
	done := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchPeak(command.Process.Pid, done) }()
	err := command.Wait()
	wall := time.Since(begun)
	close(done)
	r := result{wall: wall, peak: <-peak}
	if err != nil {
		return r, fmt.Errorf("%s %s: %w\n%s", w.b.cli, strings.Join(args, " "), err, tail(out.String()))
	}
	return r, nil
}

func tail(text string) string { return text[max(0, len(text)-3000):] }

// watchPeak follows the children of a process and returns the largest peak
// resident size of any, as the kernel counts it.
func watchPeak(parent int, done <-chan struct{}) int64 {
	var peak int64
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return peak
		case <-tick.C:
		}
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
		all := strings.Fields(string(children))
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
		for _, task := range tasks {
			more, _ := os.ReadFile(task)
			all = append(all, strings.Fields(string(more))...)
		}
		for _, child := range all {
			status, _ := os.ReadFile("/proc/" + child + "/status")
			for line := range strings.Lines(string(status)) {
				if kb, found := strings.CutPrefix(line, "VmHWM:"); found {
					n, _ := strconv.ParseInt(strings.Fields(kb)[0], 10, 64)
					peak = max(peak, n<<10)
				}
			}
		}
	}
}

// sandbox is the provider's own binary as the API.
type sandbox struct {
	command *exec.Cmd
	url     string
}

func (b *bench) sandbox(data string, flags ...string) (*sandbox, error) {
	args := append([]string{"sandbox", "-listen", "127.0.0.1:0", "-data", data}, flags...)
	s := &sandbox{command: exec.CommandContext(b.ctx, b.binary, args...)}
	out, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanf(out, "Webhooks API sandbox: %s\n", &s.url); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sandbox) stop() {
	_ = s.command.Process.Signal(os.Interrupt)
	_ = s.command.Wait()
}

// requests returns the API requests since it was last asked, by method.
func (s *sandbox) requests() (map[string]int, error) {
	resp, err := http.Get(s.url + "/_sandbox/requests")
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var entries []struct {
		Method string `json:"method"`
		Status int    `json:"status"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&entries); err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, entry := range entries {
		count[entry.Method]++
		count[strconv.Itoa(entry.Status)]++
		count["all"]++
	}
	clearing, err := http.NewRequest(http.MethodDelete, s.url+"/_sandbox/requests", nil)
	if err != nil {
		return nil, err
	}
	cleared, err := http.DefaultClient.Do(clearing)
	if err != nil {
		return nil, err
	}
	return count, cleared.Body.Close()
}

// use points a workspace at a sandbox.
func (w *workspace) use(s *sandbox, key string) {
	w.env = append(w.env, "DIGITALRIVER_BASE_URL="+s.url, "DIGITALRIVER_API_KEY="+key)
}

const (
	testKey = "sk_test_sandbox"
	liveKey = "sk_live_sandbox"
)

// unlimited is the provider without the documented rate limit.
const unlimited = "provider \"digitalriver\" {\n  requests_per_second = 100000\n}\n\n"

func floorConfig(n int) string {
	return fmt.Sprintf("resource \"floor_thing\" \"many\" {\n  count = %d\n  a = \"https://example.com/${count.index}\"\n  b = \"order.accepted\"\n  c = \"default\"\n}\n", n)
}

func webhooksConfig(n, types int) string {
	quoted := make([]string, types)
	for i, name := range eventTypes(types) {
		quoted[i] = strconv.Quote(name)
	}
	return fmt.Sprintf("resource \"digitalriver_webhook\" \"many\" {\n  count   = %d\n  address = \"https://example.com/${count.index}\"\n  types   = [%s]\n}\n", n, strings.Join(quoted, ", "))
}

// eventTypes returns n current event types of the catalog.
func eventTypes(n int) []string {
	return catalog.Match("*")[:n]
}

// median runs f several times and returns the medians.
func (b *bench) median(f func() (result, error)) (result, error) {
	medians, err := b.medians(f)
	if err != nil {
		return result{}, err
	}
	return medians[0], nil
}

// medians runs each of fs in turn, several times, so that what disturbs the
// machine disturbs all of them, and returns the medians of each.
func (b *bench) medians(fs ...func() (result, error)) ([]result, error) {
	walls, peaks := make([][]time.Duration, len(fs)), make([][]int64, len(fs))
	for range b.runs {
		for i, f := range fs {
			r, err := f()
			if err != nil {
				return nil, err
			}
			walls[i], peaks[i] = append(walls[i], r.wall), append(peaks[i], r.peak)
		}
	}
	medians := make([]result, len(fs))
	for i := range fs {
		slices.Sort(walls[i])
		slices.Sort(peaks[i])
		medians[i] = result{wall: walls[i][b.runs/2], peak: peaks[i][b.runs/2]}
	}
	return medians, nil
}

// things returns a workspace whose state holds n things of the floor.
func (b *bench) things(n int) (*workspace, error) {
	w, err := b.workspace("floor", floorConfig(n))
	if err != nil {
		return nil, err
	}
	things := make([]map[string]any, n)
	for i := range things {
		address := fmt.Sprintf("https://example.com/%d", i)
		things[i] = map[string]any{"id": address, "a": address, "b": "order.accepted", "c": "default"}
	}
	return w, w.writeState("floor_thing", "floor", things, false)
}

// applied returns a workspace whose state holds n webhooks, and the data file of
// the sandbox that has them. An apply would come to the same, but slower.
func (b *bench) applied(n, types int) (*workspace, string, error) {
	w, err := b.workspace("digitalriver", webhooksConfig(n, types))
	if err != nil {
		return nil, "", err
	}
	data := filepath.Join(w.dir, "sandbox.db")
	s, err := b.sandbox(data, "-rate-limit", "off")
	if err != nil {
		return nil, "", err
	}
	defer s.stop()
	webhooks := make([]map[string]any, n)
	for i := range webhooks {
		created, err := s.create(fmt.Sprintf("https://example.com/%d", i), eventTypes(types))
		if err != nil {
			return nil, "", err
		}
		webhooks[i] = map[string]any{
			"id": created.ID, "address": created.Address, "types": eventTypes(types), "enabled": true, "api_version": "default",
			"transport_type": "HTTP", "authentication": nil, "oauth": nil, "live_mode": false, "created_time": created.CreatedTime, "updated_time": created.UpdatedTime,
		}
	}
	return w, data, w.writeState("digitalriver_webhook", "digitalriver", webhooks, true)
}

// created is what state holds of a webhook that the sandbox made.
type created struct {
	ID          string    `json:"id"`
	Address     string    `json:"address"`
	CreatedTime time.Time `json:"createdTime"`
	UpdatedTime time.Time `json:"updatedTime"`
}

// create makes a webhook in test mode.
func (s *sandbox) create(address string, types []string) (*created, error) {
	body, err := json.Marshal(map[string]any{"address": address, "types": types})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, s.url+"/webhooks", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	made := new(created)
	return made, json.NewDecoder(resp.Body).Decode(made)
}

// writeState writes the state of a resource "many" with these attributes, as the
// CLI does after an apply; the id is the identity of a resource that has one.
func (w *workspace) writeState(kind, provider string, attributes []map[string]any, identity bool) error {
	instances := make([]any, len(attributes))
	for i, attribute := range attributes {
		instance := map[string]any{"index_key": i, "schema_version": 0, "attributes": attribute, "sensitive_attributes": []any{}}
		if identity {
			instance["identity"], instance["identity_schema_version"] = map[string]any{"id": attribute["id"]}, 0
		}
		instances[i] = instance
	}
	state, err := json.MarshalIndent(map[string]any{
		"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "bench", "outputs": map[string]any{},
		"resources": []any{map[string]any{
			"mode": "managed", "type": kind, "name": "many", "instances": instances,
			"provider": fmt.Sprintf("provider[%q]", w.b.registry()+"/digitalriver/"+provider),
		}},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.dir, "terraform.tfstate"), state, 0o600)
}

// registry is what the CLI takes for the host of a provider that names none.
func (b *bench) registry() string {
	version, _ := exec.CommandContext(b.ctx, b.cli, "version").Output()
	if bytes.Contains(version, []byte("OpenTofu")) {
		return "registry.opentofu.org"
	}
	return "registry.terraform.io"
}

func (b *bench) plan(n, types int, bar float64) error {
	w, data, err := b.applied(n, types)
	if err != nil {
		return err
	}
	things, err := b.things(n)
	if err != nil {
		return err
	}
	s, err := b.sandbox(data, "-latency", "50ms")
	if err != nil {
		return err
	}
	defer s.stop()
	w.use(s, testKey)
	echoed := &workspace{b: b, dir: w.dir, env: append(slices.Clone(w.env), "TF_CLI_CONFIG_FILE="+b.file("echo.tfrc"))}
	requests := 0
	medians, err := b.medians(
		func() (result, error) { return things.run("plan", "-detailed-exitcode") },
		func() (result, error) {
			r, err := w.run("plan", "-detailed-exitcode")
			if err != nil {
				return r, err
			}
			count, err := s.requests()
			requests = max(requests, count["all"])
			return r, err
		},
		func() (result, error) { return echoed.run("plan", "-detailed-exitcode") },
	)
	if err != nil {
		return err
	}
	floor, measured, echo := medians[0], medians[1], medians[2]
	r := row{work: fmt.Sprintf("plan of %d, %d types each", n, types), echo: seconds(echo.wall), requests: strconv.Itoa(requests), bar: fmt.Sprintf("≤ 2 requests, ≤ %.2f × floor", bar)}
	b.add(r.against(measured, floor), requests <= 2 && ratio(measured, floor) <= bar)
	if n == 1000 && types == 10 {
		extra := measured.peak - floor.peak
		b.add(row{work: "memory of that plan, peak RSS", measured: megabytes(measured.peak), floor: megabytes(floor.peak), bar: "≤ floor + 30 MB"}, extra <= 30e6)
	}
	return nil
}

func ratio(measured, floor result) float64 { return float64(measured.wall) / float64(floor.wall) }

// against fills in what was measured, and against which floor.
func (r row) against(measured, floor result) row {
	r.measured, r.floor, r.ratio = seconds(measured.wall), seconds(floor.wall), fmt.Sprintf("%.2f", ratio(measured, floor))
	return r
}

func (b *bench) one() error {
	w, data, err := b.applied(1000, 10)
	if err != nil {
		return err
	}
	s, err := b.sandbox(data, "-latency", "50ms")
	if err != nil {
		return err
	}
	defer s.stop()
	w.use(s, testKey)
	requests := 0
	measured, err := b.median(func() (result, error) {
		r, err := w.run("plan", "-detailed-exitcode", "-target=digitalriver_webhook.many[7]")
		if err != nil {
			return r, err
		}
		count, err := s.requests()
		requests = max(requests, count["all"])
		return r, err
	})
	if err != nil {
		return err
	}
	b.add(row{work: "plan of one webhook, account of 1000", measured: seconds(measured.wall), requests: strconv.Itoa(requests), bar: "1 request"}, requests == 1)
	return nil
}

func (b *bench) change() error {
	w, data, err := b.applied(1000, 10)
	if err != nil {
		return err
	}
	s, err := b.sandbox(data, "-latency", "50ms")
	if err != nil {
		return err
	}
	defer s.stop()
	w.use(s, testKey)
	gets, patches, i := 0, 0, 0
	measured, err := b.median(func() (result, error) {
		i++
		config := strings.Replace(webhooksConfig(1000, 10), "/${count.index}", fmt.Sprintf("/${count.index == 7 ? \"changed-%d\" : count.index}", i), 1)
		if err := w.write("digitalriver", config); err != nil {
			return result{}, err
		}
		r, err := w.run("apply", "-auto-approve")
		if err != nil {
			return r, err
		}
		count, err := s.requests()
		gets, patches = max(gets, count["GET"]), max(patches, count["PATCH"])
		return r, err
	})
	if err != nil {
		return err
	}
	b.add(row{
		work: "apply of one change among 1000", measured: seconds(measured.wall),
		requests: fmt.Sprintf("%d GET + %d PATCH", gets, patches), bar: "1 list + 1 PATCH",
	}, gets == 1 && patches == 1)
	return nil
}

// applyDestroy measures an apply from nothing, and destroys again.
func (w *workspace) applyDestroy(args ...string) func() (result, error) {
	return func() (result, error) {
		r, err := w.run(append([]string{"apply", "-auto-approve"}, args...)...)
		if err != nil {
			return r, err
		}
		_, err = w.run("destroy", "-auto-approve", "-parallelism=50")
		return r, err
	}
}

func (b *bench) create() error {
	things, err := b.workspace("floor", floorConfig(200))
	if err != nil {
		return err
	}
	w, err := b.workspace("digitalriver", unlimited+webhooksConfig(200, 10))
	if err != nil {
		return err
	}
	s, err := b.sandbox(filepath.Join(w.dir, "sandbox.db"), "-rate-limit", "off")
	if err != nil {
		return err
	}
	defer s.stop()
	w.use(s, testKey)
	medians, err := b.medians(things.applyDestroy(), w.applyDestroy())
	if err != nil {
		return err
	}
	floor, measured := medians[0], medians[1]
	b.add(row{work: "create 200, no limit, 0 ms", bar: "≤ 1.50 × floor"}.against(measured, floor), ratio(measured, floor) <= 1.5)
	return nil
}

// createAtLimit creates 500 webhooks in live mode. The bar is what the limit
// itself takes, and what Terraform takes for as many things of the floor.
func (b *bench) createAtLimit() error {
	floorWorkspace, err := b.workspace("floor", floorConfig(500))
	if err != nil {
		return err
	}
	floor, err := b.median(floorWorkspace.applyDestroy("-parallelism=50"))
	if err != nil {
		return err
	}
	w, err := b.workspace("digitalriver", webhooksConfig(500, 10))
	if err != nil {
		return err
	}
	s, err := b.sandbox(filepath.Join(w.dir, "sandbox.db"), "-latency", "50ms")
	if err != nil {
		return err
	}
	defer s.stop()
	w.use(s, liveKey)
	refused := 0
	measured, err := b.median(func() (result, error) {
		r, err := w.run("apply", "-auto-approve", "-parallelism=50")
		if err != nil {
			return r, err
		}
		count, err := s.requests()
		if err != nil {
			return r, err
		}
		refused = max(refused, count["429"])
		_, err = w.run("destroy", "-auto-approve", "-parallelism=50")
		return r, err
	})
	if err != nil {
		return err
	}
	floor.wall += 2 * time.Second
	b.add(row{
		work: "create 500, live limit, 50 ms, parallelism 50", requests: fmt.Sprintf("%d × 429", refused), bar: "≤ 1.30 × (500/250 s + floor)",
	}.against(measured, floor), ratio(measured, floor) <= 1.3)
	return nil
}

func (b *bench) schema() error {
	things, err := b.workspace("floor", "")
	if err != nil {
		return err
	}
	w, err := b.workspace("digitalriver", "")
	if err != nil {
		return err
	}
	medians, err := b.medians(
		func() (result, error) { return things.run("providers", "schema", "-json") },
		func() (result, error) { return w.run("providers", "schema", "-json") },
	)
	if err != nil {
		return err
	}
	floor, measured := medians[0], medians[1]
	b.add(row{work: "providers schema -json", bar: "≤ 1.20 × floor"}.against(measured, floor), ratio(measured, floor) <= 1.2)
	return nil
}

func (b *bench) size() error {
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	b.add(row{work: "binary, stripped", measured: megabytes(info.Size()), bar: "≤ 25 MB"}, info.Size() <= 25e6)
	return nil
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func (b *bench) add(r row, met bool) {
	r.verdict = "met"
	if !met {
		r.verdict = "MISSED"
	}
	b.rows = append(b.rows, r)
}

func (r row) columns() []string {
	return []string{r.work, r.measured, r.floor, r.ratio, r.echo, r.requests, r.bar, r.verdict}
}

var header = row{"work", "measured", "floor", "ratio", "echo", "requests", "bar", "verdict"}

// cliVersion is what a CLI calls itself, somewhere in what it says.
var cliVersion = regexp.MustCompile(`(Terraform|OpenTofu) v\S+`)

func (b *bench) print() {
	version, _ := exec.Command(b.cli, "version").Output()
	fmt.Printf("%s, %s, %s/%s, %d cores; medians of %d\n\n", cliVersion.Find(version), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), b.runs)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range append([]row{header}, b.rows...) {
		fmt.Fprintln(table, strings.Join(r.columns(), "\t"))
	}
	_ = table.Flush()
}

func (b *bench) writeCSV(name string) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	for _, r := range append([]row{header}, b.rows...) {
		if err := w.Write(r.columns()); err != nil {
			return err
		}
	}
	w.Flush()
	return os.WriteFile(name, out.Bytes(), 0o644)
}
