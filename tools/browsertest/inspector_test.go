// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package browsertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestGetStarted follows what the screens say, from an empty sandbox to a verified
// event at a local receiver.
func TestGetStarted(t *testing.T) {
	b := openBrowser(t, startSandbox(t))
	b.waitText("#no-webhooks", "There is no webhook yet")
	b.waitText("#start", "Receive events")

	// The command is run as it is shown, but at a free port.
	command := run(b, chromedp.Text(chromedp.CSS("#listen-command")))
	before, isListen := strings.CutSuffix(command, "\nterraform-provider-digitalriver listen")
	if !isListen || !strings.Contains(before, "BASE_URL="+b.base) {
		t.Errorf("the command is %q", command)
	}
	listen := provider(t, "sh", "-c", before+"\nexec terraform-provider-digitalriver listen -listen 127.0.0.1:0")
	received, err := listen.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	address := ""
	for line := range startCommand(t, listen, listen.StderrPipe) {
		if rest, found := strings.CutPrefix(strings.TrimSpace(line), `address = "`); found {
			address = strings.TrimSuffix(rest, `"`)
			break
		}
	}

	b.click("#step-create button")
	b.waitText("#new-webhook", "Create a webhook")
	b.wait(`document.activeElement.id === "create-address"`)
	b.fill("#create-address", "https://shop.example.com/hook")
	b.fill("#create-types", "order.foo order.accepted")
	b.waitText("#create-warning", "without a sample: order.foo. shop.example.com is not this computer.")
	b.fill("#create-address", address)
	b.press(kb.Enter)
	b.waitGone("#new-webhook")
	b.waitText("#webhooks", address)
	b.waitText("#webhooks", "Enabled")
	b.click("#send-first")
	b.waitText("#activity .delivery", "Acknowledged")
	b.waitText("#step-send", "Done")

	expectVerified := func() {
		t.Helper()
		line := make([]byte, 1000)
		n, err := received.Read(line)
		if err != nil || !strings.Contains(string(line[:n]), "verified  order.accepted") {
			t.Errorf("listen printed %q, %v", line[:n], err)
		}
	}
	expectVerified()

	// listen follows the clock of the sandbox. Receivers with their own would not.
	b.fill("#advance", "3d")
	b.press(kb.Enter)
	b.waitText("#clock-problem", "A day is 24h.")
	b.fill("#advance", "72h")
	b.press(kb.Enter)
	b.waitText("#ahead", "3 d ahead")
	b.waitGone("#clock-problem")
	b.click("#send-first")
	b.wait(`document.querySelectorAll("#activity .delivery .good").length === 2`)
	expectVerified()
	b.click("#activity a")
	b.waitText("#delivery .check .bad", "Or compare it with the clock of this computer: it was")
	b.press(kb.Escape)
	b.waitGone("#delivery")

	// Delete the webhook, if Cancel is not chosen.
	for _, button := range []string{"#confirm-delete [data-closes]", "#delete"} {
		b.click(`#webhooks button.danger`)
		b.wait(`document.activeElement.matches("#confirm-delete [data-closes]")`)
		b.click(button)
		b.waitGone("#confirm-delete")
	}
	b.waitText("#no-webhooks", "There is no webhook yet")
}

// markup is a response that must be shown as text.
const markup = `<img src="https://example.com/" onerror="alert(1)"><script>document.title = "taken"</script>`

// receiver is an endpoint that keeps the last event.
type receiver struct {
	status atomic.Int64
	last   atomic.Value // string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.last.Store(string(body))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(r.status.Load()))
	if r.status.Load() >= 400 {
		_, _ = io.WriteString(w, `{"error":"the queue for orders is full","retry":true}`)
	} else {
		_, _ = io.WriteString(w, markup)
	}
}

// TestDelivery takes an event through its life: it fails, is opened, is sent again,
// and is retried until its webhook is disabled and enabled again.
func TestDelivery(t *testing.T) {
	b := openBrowser(t, startSandbox(t))
	r := &receiver{}
	r.status.Store(400)
	endpoint := httptest.NewServer(r)
	t.Cleanup(endpoint.Close)
	id := b.subscribe(endpoint.URL+"/events", "order.accepted", "order.blocked")
	b.waitText("#webhooks", "/events")

	// Trigger an event with an edited body, and see it arrive.
	b.wait(`document.querySelector("#send-data").value.includes('"state": "accepted"')`)
	b.script(`{
		const data = document.querySelector("#send-data");
		const order = JSON.parse(data.value);
		order.upstreamId = "web-4711";
		delete order.email;
		data.value = JSON.stringify(order);
	}`)
	b.click("#send button.primary")
	b.waitText("#message", "order.accepted goes to 1 webhook")
	b.waitText("#activity .event", "order.accepted")
	b.waitText("#activity .event", "to 1 webhook")
	b.waitText("#activity .delivery", "Rejected")
	var event struct {
		Data struct{ Object map[string]any }
	}
	if err := json.Unmarshal([]byte(r.last.Load().(string)), &event); err != nil {
		t.Fatal(err)
	}
	object := event.Data.Object
	if _, has := object["email"]; has || object["upstreamId"] != "web-4711" || object["currency"] == nil {
		t.Errorf("the endpoint got the object %v", object)
	}
	b.waitText("#webhooks", "Failing")

	// Open it with the keyboard.
	b.do(chromedp.Focus(chromedp.CSS("#activity a")))
	b.press(kb.Enter)
	b.waitText("#delivery .reason", "The endpoint responded with status 400: {\"error\":\"the queue for orders is full\"")
	b.waitText("#activity .delivery", "the queue for orders is full")
	b.waitText("#delivery .check", "Split the header DigitalRiver-Signature")
	b.waitText("#delivery", "The signature is valid")
	b.waitText("#delivery pre", "the queue for orders is full")
	b.waitText("#delivery .headers", "application/json")
	b.waitText("#delivery .timeline", "Next attempt")
	b.checkText()
	b.press(kb.Escape)
	b.waitGone("#delivery")
	if !evaluate[bool](b, `document.activeElement.matches("#activity a")`) {
		t.Error("the focus is not back on the delivery")
	}

	// Send it again: a second attempt appears in the timeline.
	b.press(kb.Enter)
	b.waitText("#delivery", "Attempts")
	b.click("#resend")
	b.wait(`document.querySelectorAll("#delivery .timeline li:not(.next)").length === 2`)

	// Advance the clock from retry to retry, until there is none.
	for attempts := 3; attempts <= 5; attempts++ {
		b.click("#advance-next")
		b.wait(fmt.Sprintf(`document.querySelectorAll("#delivery .timeline li:not(.next)").length === %d`, attempts))
	}
	b.waitText("#delivery .timeline", "No retry follows")
	b.wait(`document.activeElement.closest("#delivery") !== null`) // The button that was clicked is gone.
	b.screenshot("inspector-delivery.png")
	b.click("#advance-disable")
	b.waitText("#delivery .timeline", "The sandbox disabled the webhook")
	b.wait(`document.querySelector("#ahead").textContent.includes("ahead")`)
	b.press(kb.Escape)
	b.waitGone("#delivery")
	b.waitText("#webhooks", "Disabled")
	b.waitText("#activity", "it has acknowledged nothing for 72 hours")

	// Switch it on again.
	r.status.Store(202)
	b.click("#enable-" + id)
	b.waitText("#webhooks", "Enabled")
	b.click("#send button.primary")
	b.waitText("#activity .delivery", "Acknowledged")

	// The reason is still there after a reload.
	b.do(chromedp.Reload())
	b.waitText("#activity .webhook", "it has acknowledged nothing for 72 hours")
	b.waitText("#activity .webhook", "Enabled")
}

// subscribe creates a webhook through the API, and returns its id.
func (b *browser) subscribe(address string, types ...string) string {
	b.t.Helper()
	body, err := json.Marshal(map[string]any{"address": address, "types": types})
	if err != nil {
		b.t.Fatal(err)
	}
	var created struct{ ID string }
	if err := json.Unmarshal([]byte(b.call("POST", "/webhooks", string(body))), &created); err != nil {
		b.t.Fatal(err)
	}
	return created.ID
}

// TestActivity has events with different outcomes, which the filters tell apart.
func TestActivity(t *testing.T) {
	b := openBrowser(t, startSandbox(t))
	good, bad := &receiver{}, &receiver{}
	good.status.Store(202)
	bad.status.Store(503)
	shop, stock := httptest.NewServer(good), httptest.NewServer(bad)
	t.Cleanup(shop.Close)
	t.Cleanup(stock.Close)
	id := b.subscribe(shop.URL+"/shop", "order.accepted", "order.blocked", "refund.complete")
	b.subscribe(stock.URL+"/stock", "order.accepted")
	b.call("POST", "/webhooks/"+id+"/secrets", `{"expiresIn":24}`)
	b.wait(`document.querySelectorAll("#webhooks .secrets li").length === 3`)

	// The value of a secret is in the page only after a click.
	var secrets struct{ Data []struct{ ID, Secret string } }
	if err := json.Unmarshal([]byte(b.call("GET", "/webhooks/"+id+"/secrets", "")), &secrets); err != nil {
		t.Fatal(err)
	}
	newest := secrets.Data[0]
	if strings.Contains(evaluate[string](b, `document.documentElement.outerHTML`), "whk_") {
		t.Error("the page has the value of a secret")
	}
	b.click("#secret-" + newest.ID)
	b.waitText("#webhooks .secrets .value", newest.Secret)
	b.click("#secret-" + newest.ID)
	b.waitGone("#webhooks .secrets .value")

	// Faults on and off.
	b.click(`[data-fault="late"]`)
	b.waitText("#rules", "every one")
	b.call("POST", "/_sandbox/events", `{"type":"refund.complete"}`)
	b.waitText("#activity .delivery", "fault late")
	b.click("#activity a")
	b.waitText("#delivery", "A receiver should refuse this event")
	b.checkNames()
	b.waitText("#delivery pre", markup)
	b.press(kb.Escape)
	b.waitGone("#delivery")
	b.click(`[data-fault="late"]`)
	b.waitGone("#rules li")

	b.call("POST", "/_sandbox/events", `{"type":"order.blocked"}`)
	b.call("POST", "/_sandbox/events", `{"type":"order.accepted"}`)
	b.call("POST", "/_sandbox/events", `{"type":"order.dispute"}`)
	b.waitText("#activity", "No enabled webhook of its mode subscribes to this type")
	b.wait(`document.querySelectorAll("#activity .delivery").length === 4`)
	rows := func(want int) {
		t.Helper()
		b.wait(fmt.Sprintf(`[...document.querySelectorAll("#activity > li")]
			.filter((e) => e.checkVisibility()).length === %d`, want))
	}
	rows(8)
	b.choose(`#filters [name="kind"]`, "delivery")
	rows(4)
	b.choose(`#filters [name="outcome"]`, "bad")
	rows(1)
	b.choose(`#filters [name="outcome"]`, "")
	b.choose(`#filters [name="webhook"]`, id)
	rows(3)
	b.fill(`#filters [name="text"]`, "blocked")
	rows(1)
	b.do(chromedp.Reload())
	b.waitText("#connection", "Live")
	rows(8) // The history of the sandbox.
	b.checkText()

	b.checkNames()
	for scheme, picture := range map[string]string{"light": "inspector.png", "dark": "inspector-dark.png"} {
		command(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		b.checkContrast(scheme)
		b.screenshot(picture)
	}

	// On a phone, nothing is wider than the screen.
	b.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateScale(2)))

	b.checkWidth(390)
	b.script(`document.querySelector("#activity a").click()`)
	b.waitText("#delivery", "Attempts")
	b.checkWidth(390)
	b.press(kb.Escape)
	b.waitGone("#delivery")

	b.click(`[data-opens="confirm-reset"]`)
	b.wait(`document.activeElement.matches("#confirm-reset [data-closes]")`)
	b.click("#reset")
	b.waitText("#no-webhooks", "There is no webhook yet")
	rows(0)
}

// checkNames checks that everything that takes the focus has a name.
func (b *browser) checkNames() {
	b.t.Helper()
	for _, problem := range evaluate[[]string](b, `[
			...document.querySelectorAll("a, button, input, select, textarea, summary, [tabindex]"),
		]
		.filter((e) => !e.ariaLabel && !e.labels?.length && !e.textContent.trim()).map((e) => e.outerHTML)`) {
		b.t.Errorf("no name: %s", problem)
	}
}

// checkWidth checks that nothing is cut off on a screen of a width.
func (b *browser) checkWidth(width int) {
	b.t.Helper()
	for _, problem := range evaluate[[]string](b, fmt.Sprintf(`[...document.querySelectorAll("body, body *")]
		.filter((e) => e.checkVisibility() && !e.closest(".sr, textarea, option")
			&& (e.getBoundingClientRect().right > %d || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
				&& getComputedStyle(e).overflowX === "visible" && getComputedStyle(e).display !== "inline"))
		.map((e) => e.outerHTML.slice(0, 100))`, width)) {
		b.t.Errorf("too wide for %d pixels: %s", width, problem)
	}
}

// checkContrast checks that all visible text has the contrast of WCAG's level AA.
func (b *browser) checkContrast(scheme string) {
	b.t.Helper()
	for _, problem := range evaluate[[]string](b, contrastProblems) {
		b.t.Errorf("%s: %s", scheme, problem)
	}
}

const contrastProblems = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgb = (color) => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const luminance = (c) => {
		const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
		const [r, g, b] = c.slice(0, 3).map((v) => linear(v / 255));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const back = (e) => {
		for (; e; e = e.parentElement) {
			const c = rgb(getComputedStyle(e).backgroundColor);
			if (c[3] === 255) return c;
		}
		return rgb(getComputedStyle(document.documentElement).backgroundColor);
	};
	const problems = new Set();
	for (const e of document.querySelectorAll("body *")) {
		const text = [...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.textContent.trim());
		if (!text || !e.checkVisibility() || e.disabled) continue;
		const a = luminance(rgb(getComputedStyle(e).color)), b = luminance(back(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) problems.add(ratio.toFixed(2) + " " + e.outerHTML.slice(0, 100));
	}
	return [...problems];
})()`
