/**
 * Copyright The terraform-provider-digitalriver authors
 * SPDX-License-Identifier: MPL-2.0
 */

// The inspector shows what the control endpoints of the sandbox return. The stream
// tells it when to ask again, and what to add to the list of activity. Data goes
// into the page as text only, never as HTML.

const maxRows = 500;
const maxHistory = 100; // The largest limit that the control endpoints accept.
const keys = { test: "sk_test_sandbox", live: "sk_live_sandbox" };

const byId = (id) => document.getElementById(id);

// State, as the sandbox last told it.
let webhooks = [];
let rules = [];
let clockOffset = 0; // Milliseconds by which the sandbox's clock is ahead.
let eventTypes = [];
let sample = ""; // The sample that the form was filled with, "" for none.
let opened = null; // The delivery that is open.
const rows = new Map(); // Rows of the activity with their records, by key, newest last.
const revealed = new Map(); // Values of secrets that the user asked for, by id.

// --- Requests ---

// call sends a request and returns its JSON. It throws what to tell the user.
async function call(method, path, body, key) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  let response, text;
  try {
    response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    text = await response.text();
  } catch {
    throw new Error(`${method} ${path} got no response. Is the sandbox running, and is a fault switched on?`);
  }
  let value = null;
  try {
    value = text && JSON.parse(text);
  } catch {
    // The fault html, for example.
  }
  if (!response.ok) {
    const problems = value?.errors?.map((e) => e.message).join(" ");
    throw new Error(problems || `${method} ${path} got status ${response.status}.`);
  }
  return value;
}

const control = (method, path, body) => call(method, `/_sandbox${path}`, body);

const seen = {}; // By path: the number of requests and the last response.

// news returns what a control endpoint returns, or null if that is not new or a newer
// request is under way. What has not changed must stay in the page: an element that is
// replaced between the press and the release of a mouse button is not clicked.
async function news(path) {
  const s = (seen[path] ??= { requests: 0, text: "" });
  const request = ++s.requests;
  const value = await control("GET", path);
  const text = JSON.stringify(value);
  if (request !== s.requests || text === s.text) return null;
  s.text = text;
  return value;
}

// --- Elements ---

// el returns an element. Properties that it does not have become attributes, and
// children that are falsy are left out.
function el(tag, properties = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (name in e) e[name] = value;
    else e.setAttribute(name, value);
  }
  e.append(...children.filter(Boolean));
  return e;
}

const badge = (text, kind = "") => el("span", { className: `badge ${kind}` }, text);
const button = (text, onclick, properties = {}) => el("button", { type: "button", onclick, ...properties }, text);

// replace gives an element new content, and keeps the focus and what is folded out. If
// what had the focus is gone, the heading before it gets the focus.
function replace(parent, ...children) {
  const hadFocus = parent.contains(document.activeElement), focused = document.activeElement.id;
  const open = new Set([...parent.querySelectorAll("details[open][id]")].map((d) => d.id));
  parent.replaceChildren(...children.filter(Boolean));
  for (const d of parent.querySelectorAll("details[id]")) d.open = d.open || open.has(d.id);
  if (!hadFocus) return;
  (focused && byId(focused) || parent.closest("dialog, section")?.querySelector("h2[tabindex]"))?.focus();
}

// say shows a message, in the dialog that is open if there is one.
function say(text, bad = false) {
  const message = byId("message");
  const dialogs = document.querySelectorAll("dialog[open]");
  (dialogs[dialogs.length - 1] ?? document.body).append(message);
  message.classList.toggle("bad", bad);
  message.replaceChildren(text, button("×", unsay, { className: "small", "aria-label": "Close the message" }));
  clearTimeout(say.timer);
  say.timer = setTimeout(unsay, 8000);
}

const unsay = () => byId("message").replaceChildren();

// run carries out what a button does. Errors go to the user.
async function run(work, problem) {
  if (problem) problem.textContent = "";
  try {
    await work();
  } catch (e) {
    if (problem) problem.textContent = e.message;
    else say(e.message, true);
  }
}

// soon returns a function that runs another one a little later, once for many calls.
function soon(work) {
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      run(work);
    }, 50);
  };
}

// addCopyButtons gives the blocks to copy their buttons.
function addCopyButtons(parent) {
  if (!navigator.clipboard) return; // Only pages of this computer, or with https, have it.
  for (const block of parent.querySelectorAll("pre.copy")) {
    const text = block.querySelector("code").textContent;
    block.append(button("Copy", () => copy(text), { className: "small" }));
  }
}

const copy = (text) => run(() => navigator.clipboard.writeText(text).then(() => say("Copied.")));

// --- Times ---

const now = () => Date.now() + clockOffset;
const dayText = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
const fullText = (ms) => dayText(ms) + " UTC";

// span returns a duration in words, such as 2 d 23 h.
function span(ms) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const seconds = Math.round(Math.abs(ms) / 1000);
  const i = Math.max(0, units.findIndex(([size]) => seconds >= size));
  if (seconds < 1) return "0 s";
  const [size, name] = units[i];
  const rest = i < 3 && Math.floor((seconds % size) / units[i + 1][0]);
  return `${Math.floor(seconds / size)} ${name}` + (rest ? ` ${rest} ${units[i + 1][1]}` : "");
}

// since and until return elements that tick.
const since = (time) => el("time", { dateTime: time, title: fullText(time), "data-since": time }, ago(time));
const until = (time) => el("time", { dateTime: time, title: fullText(time), "data-until": time }, ahead(time));
const ago = (time) => `${span(now() - new Date(time))} ago`;
const ahead = (time) => (new Date(time) > now() ? `in ${span(new Date(time) - now())}` : "now");

function tick() {
  const show = (e, text) => e.textContent === text || (e.textContent = text);
  show(byId("now"), fullText(now()));
  for (const t of document.querySelectorAll("[data-since]")) show(t, ago(t.dateTime));
  for (const t of document.querySelectorAll("[data-until]")) show(t, ahead(t.dateTime));
}

// --- Clock ---

async function loadClock() {
  clockOffset = new Date((await control("GET", "/clock")).time) - Date.now();
  const notice = byId("ahead");
  const mark = byId("ahead-badge");
  mark.hidden = notice.hidden = clockOffset < 4 * 60 * 1000;
  mark.textContent = `${span(clockOffset)} ahead`;
  notice.textContent = `The sandbox's clock is ${span(clockOffset)} ahead, and signatures have its time. Receivers that `
    + "check it with their own clock refuse them as being from the future; listen does not. A reset sets the clock back.";
  tick();
}

// advance moves the clock forward by a duration, or to a time.
async function advance(by) {
  const duration = by instanceof Date ? `${Math.max(0, by - now()) + 1000}ms` : by;
  await control("POST", "/clock", { advance: duration });
  await loadClock();
  say(`The sandbox's clock is now at ${fullText(now())}.`);
}

const clockWarning = "Receivers that check timestamps with their own clock then refuse events; listen does not.";

// advanceBy moves the clock by what the user wrote.
function advanceBy(form) {
  const text = form.get("advance").trim();
  if (text.startsWith("-")) throw new Error("The clock only moves forward, so the duration must not be negative.");
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    throw new Error("Move forward by a duration in h, m or s, such as 3h or 10m. A day is 24h.");
  }
  return advance(text);
}

// --- Webhooks ---

const webhook = (id) => webhooks.find((w) => w.id === id);
const addressOf = (id) => webhook(id)?.address ?? `webhook ${id.slice(0, 8)}`;
const addressItem = (id) => el("span", { "data-webhook": id }, addressOf(id)); // Follows changes of the webhook.

async function loadWebhooks() {
  const list = await news("/webhooks");
  if (!list) return;
  webhooks = list;
  for (const r of switches()) addRow(r);
  showWebhooks();
  reload.rows();
  if (opened) reload.opened();
}

// switches returns records of when the webhooks were enabled and disabled.
const switches = () => webhooks.flatMap((w) => w.switches.map((s) => ({
  msg: s.enabled ? "webhook enabled" : "webhook disabled", webhookId: w.id, time: s.time, reason: s.reason,
})));

function showWebhooks() {
  replace(byId("webhooks"), ...webhooks.map(webhookCard));
  for (const e of document.querySelectorAll("[data-webhook]")) e.textContent = addressOf(e.dataset.webhook);
  byId("no-webhooks").hidden = webhooks.length > 0;
  const filter = byId("filter-webhook");
  const chosen = filter.value;
  replace(filter, el("option", { value: "" }, "any"), ...webhooks.map((w) => el("option", { value: w.id }, w.address)));
  filter.value = webhook(chosen) ? chosen : "";
  showSteps();
}

function webhookCard(w) {
  const state = w.enabled ? (w.failingSince ? badge("Failing", "warn") : badge("Enabled", "good")) : badge("Disabled", "bad");
  const commands = byId("webhook-commands").content.cloneNode(true);
  for (const e of commands.querySelectorAll("[data-id]")) e.textContent = w.id;
  for (const e of commands.querySelectorAll("[data-key]")) e.textContent = keys[w.mode];
  fillOrigin(commands);
  addCopyButtons(commands);
  return el("li", { id: `webhook-${w.id}` },
    el("div", { className: "title" },
      el("p", { className: "address" }, w.address),
      button(w.enabled ? "Disable" : "Enable", () => run(() => enable(w, !w.enabled)),
        { id: `enable-${w.id}`, className: w.enabled ? "small" : "small primary" }),
      button("Delete…", () => confirmDelete(w), { id: `delete-${w.id}`, className: "small danger", "aria-label": `Delete ${w.address}` })),
    el("div", { className: "buttons" },
      state, badge(w.mode), w.transportType === "OAUTH" && badge("OAuth"),
      w.enabled && w.pending > 0 && badge(w.pending === 1 ? "1 attempt to come" : `${w.pending} attempts to come`)),
    w.disabledReason && el("p", { className: "notice" }, `The sandbox disabled it: ${w.disabledReason}. `
      + "Enable it, and send it what it missed with replay: see the commands below."),
    w.failingSince && el("p", { className: "notice" },
      "First failed ", since(w.failingSince), ". It will be disabled ", until(w.disableTime), " unless it acknowledges an event."),
    el("p", { className: "types" }, w.types.slice(0, 6).join(", ")),
    w.types.length > 6 && el("details", { id: `types-${w.id}` }, el("summary", {}, `${w.types.length - 6} more types`),
      el("p", { className: "types" }, w.types.slice(6).join(", "))),
    el("ul", { className: "secrets" }, ...w.secrets.map((s) => secretItem(w, s))),
    el("details", { id: `commands-${w.id}` }, el("summary", {}, "Commands for this webhook"), commands));
}

function secretItem(w, s) {
  const value = revealed.get(s.id);
  return el("li", {},
    el("span", {}, "Secret ", el("code", { title: s.id }, s.id.slice(0, 8))),
    el("span", { className: "hint" }, since(s.createdTime), s.expiresTime && ", expires ",
      s.expiresTime && until(s.expiresTime)),
    button(value ? "Hide" : "Show", () => run(() => reveal(w, s)), {
      id: `secret-${s.id}`, className: "small", "aria-expanded": String(Boolean(value)),
      "aria-label": `${value ? "Hide" : "Show"} secret ${s.id.slice(0, 8)}`,
    }),
    value && el("code", { className: "value" }, value));
}

// reveal shows the value of a secret, or hides it again.
async function reveal(w, s) {
  if (!revealed.delete(s.id)) {
    const secrets = await control("GET", `/webhooks/${w.id}/secrets`);
    revealed.set(s.id, secrets.find((one) => one.id === s.id)?.secret ?? "It has expired.");
  }
  showWebhooks();
}

async function enable(w, enabled) {
  await call("PATCH", `/webhooks/${w.id}`, { enabled }, keys[w.mode]);
  await loadWebhooks();
  say(enabled ? "The webhook is enabled." : "The webhook is disabled.");
}

function confirmDelete(w) {
  confirmDelete.webhook = w;
  byId("delete-address").textContent = w.address;
  byId("confirm-delete").showModal();
}

async function deleteWebhook() {
  const w = confirmDelete.webhook;
  await call("DELETE", `/webhooks/${w.id}`, undefined, keys[w.mode]);
  byId("confirm-delete").close();
  await loadWebhooks();
  byId("webhooks-title").focus();
  say("The webhook was deleted.");
}

const typesIn = (text) => text.split(/[\s,]+/).filter(Boolean);
const isDocumented = (type) => eventTypes.some((t) => t.type === type);

// showCreateWarning warns of what the API accepts but is probably a mistake.
function showCreateWarning() {
  const form = new FormData(byId("create")), warnings = [];
  const unknown = typesIn(form.get("types")).filter((t) => !isDocumented(t));
  if (unknown.length) warnings.push(`Not documented, so without a sample: ${unknown.join(", ")}.`);
  const address = URL.parse?.(form.get("address"));
  if (address && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(address.hostname)) {
    warnings.push(`${address.hostname} is not this computer. The sandbox sends nothing there, unless it runs with -deliver-anywhere.`);
  }
  byId("create-warning").textContent = warnings.join(" ");
}

async function createWebhook(form) {
  const types = typesIn(form.get("types"));
  await call("POST", "/webhooks", { address: form.get("address"), types }, keys[form.get("mode")]);
  byId("new-webhook").close();
  await loadWebhooks();
  say("The webhook was created.");
}

// --- Get started ---

function showSteps() {
  const newest = [...rows.values()].map((r) => r.record).findLast((r) => r.msg === "delivery" && r.outcome);
  const acknowledged = newest?.outcome === "acknowledged";
  byId("step-create").classList.toggle("done", webhooks.length > 0);
  byId("step-receive").classList.toggle("done", acknowledged);
  byId("step-send").classList.toggle("done", acknowledged);
  byId("send-first").disabled = webhooks.length === 0;
  byId("send-first").textContent = `Send ${firstEvent().type}`;
  byId("step-send-text").textContent = !newest
    ? "The webhook gets an event with a sample order. The receiver prints verified."
    : acknowledged
      ? "Done: the receiver acknowledged the event. Open the delivery in the activity below to see its signature and the response."
      : `The last event was not acknowledged: ${newest.reason}. Does listen run, and is its address that of the webhook?`;
}

// firstEvent returns the event that step 3 sends: of a type that an enabled webhook
// gets, and that has a sample.
function firstEvent() {
  for (const w of webhooks.filter((one) => one.enabled)) {
    const type = w.types.includes("order.accepted") ? "order.accepted" : w.types.find(isDocumented);
    if (type) return { type, mode: w.mode };
  }
  return { type: "order.accepted", mode: webhooks[0]?.mode ?? "test" };
}

function fillOrigin(parent) {
  for (const e of parent.querySelectorAll("[data-origin]")) e.textContent = location.origin;
}

// --- Send an event ---

async function loadEventTypes() {
  eventTypes = await control("GET", "/event-types");
  const current = eventTypes.filter((t) => !t.replacedBy);
  replace(byId("event-types"), ...[...new Set(current.map((t) => t.type))].map((t) => el("option", { value: t })));
  showSteps();
  await loadSample();
}

// loadSample fills the form with the sample of its event type, unless the user has
// edited the one before.
async function loadSample(force = false) {
  const type = byId("send-type").value;
  const known = eventTypes.filter((t) => t.type === type);
  byId("send-products").hidden = known.length < 2;
  const product = byId("send-product");
  const chosen = known.find((t) => t.product === product.value) ?? known[0];
  if (chosen) product.value = chosen.product;
  byId("send-description").textContent = chosen
    ? chosen.description + (chosen.replacedBy ? ` Replaced by ${chosen.replacedBy}.` : "")
    : "Not a documented type. It has no sample: write its object.";
  const data = byId("send-data");
  if (!force && data.value !== sample) return;
  sample = "";
  if (chosen) {
    const { object } = await control("GET", `/event-types/${encodeURIComponent(type)}?product=${chosen.product}`);
    sample = JSON.stringify(object, null, 2);
  }
  data.value = sample;
}

async function sendForm(form) {
  const type = form.get("type");
  let object;
  try {
    object = JSON.parse(form.get("data") || "{}");
  } catch (e) {
    throw new Error(`The object is not valid JSON: ${e.message}.`);
  }
  const body = { type, mode: form.get("mode") };
  const known = eventTypes.filter((t) => t.type === type);
  if (known.length > 1) body.product = form.get("product");
  const product = body.product ?? known[0]?.product;
  if (known.length === 0) {
    body.data = object;
  } else {
    const data = await control("GET", `/event-types/${encodeURIComponent(type)}?product=${product}`);
    body.data = mergePatch(data.object, object) ?? {};
  }
  await send(body);
}

async function send(body) {
  const { webhookIds } = await control("POST", "/events", body);
  say(webhookIds.length
    ? `${body.type} goes to ${webhookIds.length} ${webhookIds.length === 1 ? "webhook" : "webhooks"}.`
    : `No enabled webhook of ${body.mode} mode subscribes to ${body.type}, so nobody gets it.`, webhookIds.length === 0);
}

// mergePatch returns the JSON merge patch (RFC 7386) that turns one value into
// another, or undefined if they are equal.
function mergePatch(from, to) {
  const isObject = (v) => v !== null && typeof v === "object" && !Array.isArray(v);
  if (!isObject(from) || !isObject(to)) return JSON.stringify(from) === JSON.stringify(to) ? undefined : to;
  const patch = {};
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const change = name in to ? (name in from ? mergePatch(from[name], to[name]) : to[name]) : null;
    if (change !== undefined) patch[name] = change;
  }
  return Object.keys(patch).length ? patch : undefined;
}

// --- Faults ---

async function loadFaults() {
  const list = await news("/faults");
  if (list) showFaults(list);
  for (const s of document.querySelectorAll("[data-fault]")) s.checked = rules.some((r) => r.kind === s.dataset.fault);
}

function showFaults(list) {
  rules = list;
  if (rules.some((r) => byId("request-faults").querySelector(`[data-fault=${r.kind}]`))) byId("request-faults").open = true;
  replace(byId("rules"), ...rules.map((r, i) => el("li", {}, badge(r.kind.replace("_", " "), "warn"), describeRule(r),
    button("Remove", () => run(() => setFaults(rules.filter((_, j) => j !== i))),
      { id: `rule-${i}`, className: "small", "aria-label": `Remove the fault ${r.kind}` }))));
  byId("no-faults").hidden = rules.length === 0;
}

function describeRule(r) {
  const what = [r.method, r.path, r.type, r.webhook && addressOf(r.webhook)].filter(Boolean).join(" ");
  const times = r.times === 0 ? "every one" : r.times === 1 ? "the next one" : `the next ${r.times}`;
  return [what, times, r.probability < 1 ? `${Math.round(r.probability * 100)} %` : ""].filter(Boolean).join(", ");
}

async function setFaults(list) {
  await control("PUT", "/faults", list);
  await loadFaults();
}

// switchFault adds a rule of a kind, or removes all of them.
async function switchFault(s) {
  const others = rules.filter((r) => r.kind !== s.dataset.fault);
  if (!s.checked) return setFaults(others);
  const rule = { kind: s.dataset.fault, times: Number(byId("fault-times").value) };
  if (s.dataset.status) rule.status = Number(s.dataset.status);
  if (s.dataset.delay) rule.delay = s.dataset.delay;
  return setFaults([...others, rule]);
}

// --- Activity ---

const kinds = { event: "event", delivery: "delivery", "delivery held": "delivery", "webhook enabled": "webhook", "webhook disabled": "webhook" };

async function loadHistory() {
  const [deliveries, events] = await Promise.all([
    control("GET", `/deliveries?limit=${maxHistory}`), control("GET", `/events?limit=${maxHistory}`),
  ]);
  const records = [
    ...[...rows.values()].map((r) => r.record),
    ...events.map((e) => ({
      msg: "event", time: e.createdTime, eventType: e.type, eventId: e.id, webhooks: e.webhookIds.length,
    })),
    ...deliveries.map((d) => ({ msg: "delivery", ...d })),
    ...switches(),
  ];
  records.sort((a, b) => new Date(a.time) - new Date(b.time) || (a.msg === "event" ? -1 : 1));
  rows.clear();
  for (const record of records) addRow(record);
  showRows();
}

// keyOf returns what is the same for a record in the history and in the stream.
function keyOf(r) {
  if (r.msg === "delivery") return `delivery ${r.id}`;
  if (r.msg === "event") return `event ${r.eventId}`;
  return `${r.msg} ${r.webhookId} ${r.time}`;
}

// addRow adds a record that is newer than the others, unless it is there.
function addRow(record) {
  const key = keyOf(record);
  if (!rows.has(key)) rows.set(key, { record, item: el("li", {}, rowOf(record)) });
  if (rows.size > maxRows) rows.delete(rows.keys().next().value);
}

// showRows puts the rows into the page, as the filters want.
function showRows() {
  const list = byId("activity"), filter = new FormData(byId("filters"));
  let shown = 0;
  [...rows.values()].reverse().forEach(({ record, item }, i) => {
    item.hidden = !matches(record, filter);
    shown += item.hidden ? 0 : 1;
    if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null); // Others keep the focus.
  });
  while (list.children.length > rows.size) list.lastChild.remove();
  byId("no-activity").hidden = shown > 0;
  byId("no-activity").textContent = rows.size > 0
    ? "Nothing matches the filters." : "Nothing has happened yet. Events and their deliveries appear here at once.";
  byId("count").textContent = shown < rows.size ? `${shown} of ${rows.size} entries` : "";
  byId("more").hidden = rows.size < maxHistory;
  showSteps();
}

function matches(r, filter) {
  const kind = filter.get("kind"), outcome = filter.get("outcome"), id = filter.get("webhook");
  const text = filter.get("text").trim().toLowerCase();
  const acknowledged = r.outcome === "acknowledged";
  return (!kind || kinds[r.msg] === kind)
    && (!outcome || (kinds[r.msg] === "delivery" && acknowledged === (outcome === "good")))
    && (!id || r.webhookId === id)
    && (!text || [r.eventType, r.eventId, r.webhookId, r.id].some((v) => v?.toLowerCase().includes(text)));
}

const outcomes = {
  acknowledged: ["Acknowledged", "good"],
  rejected: ["Rejected", "bad"],
  redirected: ["Redirected", "bad"],
  timed_out: ["Timed out", "bad"],
  unreachable: ["Unreachable", "bad"],
  token_refused: ["Token refused", "bad"],
  not_sent: ["Not sent", "warn"],
};
const outcomeBadge = (r) => badge(...(outcomes[r.outcome] ?? [r.outcome, "bad"]));

function rowOf(r) {
  const [day, clock] = dayText(r.time).split(" ");
  const time = el("time", { dateTime: r.time, title: fullText(r.time) }, clock, el("small", {}, day));
  const row = (tag, mark, what, figures, detail, properties = {}) => el(tag, { className: `row ${kinds[r.msg]}`, ...properties },
    time, mark, el("span", { className: "what" }, what), figures && el("span", { className: "figures" }, figures),
    detail && el("span", { className: "detail" }, ...[detail].flat().filter(Boolean)));
  switch (r.msg) {
    case "event":
      if (r.webhooks === 0) {
        return row("div", badge("Event", "warn"), r.eventType, "", "No enabled webhook of its mode subscribes to this type.");
      }
      return row("div", badge("Event"), r.eventType, `to ${r.webhooks} ${r.webhooks === 1 ? "webhook" : "webhooks"}`);
    case "delivery":
      return row("a", outcomeBadge(r), r.eventType, r.status ? `${r.status} · ${r.durationMs} ms` : `${r.durationMs} ms`, [
        "to ", addressItem(r.webhookId), r.attempt > 1 ? `, attempt ${r.attempt}` : "", r.fault ? `, fault ${r.fault}` : "",
        r.reason ? `: ${r.reason}` : "", new Date(r.nextAttempt) > new Date(r.time) && `; next attempt at ${dayText(r.nextAttempt)}`,
      ], { href: `#delivery/${r.id}` });
    case "delivery held":
      return row("div", badge("Held back", "warn"), r.eventType, "", "It is sent after the next event, because of the fault reorder.");
    case "webhook enabled":
      return row("div", badge("Enabled", "good"), addressItem(r.webhookId));
    default:
      return row("div", badge("Disabled", "bad"), addressItem(r.webhookId), "",
        r.reason ? `The sandbox disabled the webhook: ${r.reason}.` : "A request to the API disabled the webhook.");
  }
}

// --- One delivery ---

const openedId = () => location.hash.match(/^#delivery\/(\d+)$/)?.[1];

async function openDelivery() {
  const id = openedId(), dialog = byId("delivery");
  if (!id) {
    opened = null;
    dialog.close();
    return;
  }
  const d = await control("GET", `/deliveries/${id}`);
  const attempts = await control("GET",
    `/deliveries?event=${encodeURIComponent(d.eventId)}&webhook=${encodeURIComponent(d.webhookId)}`);
  if (!webhook(d.webhookId)) await loadWebhooks();
  if (openedId() !== id) return;
  opened = d;
  const text = JSON.stringify([d, attempts, webhook(d.webhookId)]);
  if (text !== openDelivery.shown) {
    openDelivery.shown = text;
    byId("delivery-title").textContent = d.eventType;
    replace(byId("delivery-content"), ...deliveryParts(d, attempts.reverse()));
  }
  if (!dialog.open) dialog.showModal();
}

function leaveDelivery() {
  opened = null;
  if (openedId()) history.pushState(null, "", location.pathname);
}

function deliveryParts(d, attempts) {
  const part = (title, ...content) => el("section", {}, el("h3", {}, title), ...content);
  return [
    el("div", { className: "facts" }, outcomeBadge(d), d.fault && badge(`fault ${d.fault}`, "warn"),
      el("span", {}, d.status ? `status ${d.status}` : "no response"), el("span", {}, `${d.durationMs} ms`),
      el("span", {}, fullText(d.time)), el("span", {}, "event ", el("code", {}, d.eventId))),
    d.reason && el("p", { className: "reason" }, sentence(d.reason)),
    el("div", { className: "buttons" }, button("Resend", () => run(() => resend(d)), { id: "resend", className: "primary" }),
      el("span", { className: "hint" }, "to ", addressItem(d.webhookId))),
    part("Attempts", el("ol", { className: "timeline" }, ...attempts.map((a, i) => attemptItem(a, attempts[i - 1], d)), ...nextItems(attempts))),
    part("Response", ...responseParts(d)),
    part("Signature check", ...signatureParts(d)),
    part("Request", ...requestParts(d)),
  ];
}

const sentence = (text) => text[0].toUpperCase() + text.slice(1) + ".";

function attemptItem(a, before, d) {
  const again = before && a.attempt <= before.attempt && a.fault !== "duplicate";
  return el("li", { className: outcomes[a.outcome]?.[1] ?? "bad" },
    el("div", { className: "line" },
      el("a", { href: `#delivery/${a.id}`, id: `attempt-${a.id}`, "aria-current": a.id === d.id ? "true" : undefined }, `Attempt ${a.attempt}`),
      again && el("span", { className: "hint" }, "sent again"), outcomeBadge(a), el("span", { className: "hint" }, fullText(a.time)),
      a.status > 0 && el("span", { className: "hint" }, `status ${a.status}, ${a.durationMs} ms`),
      a.id === d.id && badge("shown here")));
}

// nextItems says what comes after the attempts.
function nextItems(attempts) {
  const newest = attempts[attempts.length - 1], w = webhook(newest.webhookId);
  const item = (...content) => el("li", { className: "next" }, ...content);
  const advanceTo = (time, id) => button("Advance the clock to it", () => run(() => advance(new Date(time))), { id, className: "small" });
  const line = (...content) => el("div", { className: "line" }, ...content);
  if (!w) return [item("The webhook was deleted, so nothing follows.")];
  if (!w.enabled) {
    return [item(line(w.disabledReason ? `The sandbox disabled the webhook: ${w.disabledReason}. ` : "The webhook is disabled. ",
      "It gets nothing until it is enabled.",
      button("Enable", () => run(() => enable(w, true).then(openDelivery)), { id: "enable-opened", className: "small primary" })))];
  }
  const items = [];
  const warning = el("li", { className: "next hint" }, clockWarning);
  if (newest.nextAttempt && w.pending) {
    items.push(item(line(el("strong", {}, "Next attempt"), until(newest.nextAttempt),
      el("span", { className: "hint" }, fullText(newest.nextAttempt)), advanceTo(newest.nextAttempt, "advance-next"))));
  } else if (newest.outcome === "acknowledged") {
    items.push(item("Nothing follows: the endpoint acknowledged the event."));
  } else if (newest.outcome === "not_sent") {
    items.push(item("Nothing follows: the endpoint was sent nothing, so there is no retry."));
  } else {
    items.push(item("No retry follows: the event is lost unless you send it again."));
  }
  if (w.failingSince) {
    items.push(item(line(el("strong", {}, "The webhook will be disabled"), until(w.disableTime),
      el("span", { className: "hint" }, "unless it acknowledges an event before"), advanceTo(w.disableTime, "advance-disable"))));
  }
  if (newest.nextAttempt && w.pending || w.failingSince) items.push(warning);
  return items;
}

async function resend(d) {
  await control("POST", `/deliveries/${d.id}/resend`);
  say("The event is being sent again. The new attempt appears under Attempts.");
}

// signatureParts shows how a receiver checks the signature.
function signatureParts(d) {
  const s = d.signature;
  if (!s) {
    return [el("p", { className: "hint" },
      "There is nothing to check: nothing was sent, the event or the webhook was deleted, or the delivery is too old.")];
  }
  const step = (good, text, value) => el("li", { className: good ? "good" : "bad" }, text, value && el("code", {}, value));
  const [, [header]] = Object.entries(d.request.headers).find(([name]) => name.toLowerCase() === "digitalriver-signature");
  const seconds = Number(s.timestamp);
  const age = `${span(s.ageSeconds * 1000)} ${s.ageSeconds < 0 ? "later" : "earlier"}`;
  const skewed = s.fresh && Math.abs(s.realAgeSeconds) > 5 * 60;
  const count = s.signatures.length === 1 ? "one signature" : `${s.signatures.length} signatures`;
  return [
    el("ol", { className: "check" },
      step(true, `Split the header DigitalRiver-Signature at its commas: a timestamp, then ${count}.`, header),
      step(s.fresh, `Compare the timestamp with the time of the attempt: it is ${age}. Receivers accept up to 5 minutes.`,
        `${s.timestamp} = ${fullText(seconds * 1000)}`),
      skewed && step(false, `Or compare it with the clock of this computer: it was ${span(s.realAgeSeconds * 1000)} `
        + `${s.realAgeSeconds < 0 ? "in the future" : "in the past"}. A receiver that does so refuses the event; listen takes the time from the API.`),
      step(true, "Put the timestamp, a dot and the body together, exactly as the body arrived.",
        `${s.timestamp}.${d.request.body.slice(0, 60)}…`),
      ...s.signatures.map((m, i) => step(m.active, signatureText(m, i, s.signatures.length), m.signature))),
    el("p", { className: s.valid ? "" : "problem" }, s.valid
      ? `The signature is valid: one match is enough.${skewed ? " Whether a receiver accepts it depends on its clock." : ""}` : "A receiver should refuse this event."),
  ];
}

function signatureText(m, i, count) {
  const name = count === 1 ? "The signature" : `Signature ${i + 1}`;
  if (!m.secretId) return `${name} is not the HMAC-SHA256 of that with any secret of the webhook.`;
  return `${name} is the HMAC-SHA256 of that, in base64, with the value (whk_…) of the secret ${m.secretId.slice(0, 8)} as the key`
    + (m.active ? "." : ", which had expired.");
}

function requestParts(d) {
  if (!d.request) return [el("p", { className: "hint" }, "Nothing was sent, or it is too old to be kept.")];
  return [el("p", { className: "mono" }, `POST ${d.request.url}`), headerTable(d.request.headers), ...bodyParts(d.request.body, "request")];
}

function responseParts(d) {
  if (!d.response) {
    return [el("p", { className: "hint" }, d.status ? "The response is too old to be kept." : "There was no response.")];
  }
  const t = d.timing, ms = (v) => `${v.toFixed(1)} ms`;
  return [
    el("p", { className: "hint" }, `Connect ${ms(t.connectMs)}, ${t.tlsMs ? `TLS ${ms(t.tlsMs)}, ` : ""}wait ${ms(t.waitMs)}, `
      + `read ${ms(t.readMs)}`),
    el("p", { className: "mono" }, `Status ${d.status}`),
    ...bodyParts(d.response.body, "response"), headerTable(d.response.headers),
  ];
}

function headerTable(headers) {
  const names = Object.keys(headers).sort();
  return el("table", { className: "headers" }, el("tbody", {}, ...names.flatMap((name) =>
    headers[name].map((value) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))));
}

// bodyParts shows a body as it was sent, and formatted if it is JSON.
function bodyParts(body, name) {
  if (!body) return [el("p", { className: "hint" }, body === null ? "The event was deleted." : "The body is empty.")];
  const raw = el("pre", { className: "body", tabIndex: 0, "aria-label": `Body of the ${name}` }, body);
  let formatted;
  try {
    formatted = JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return [raw];
  }
  raw.textContent = formatted;
  const toggle = button("Show as sent", () => {
    const asSent = toggle.getAttribute("aria-pressed") === "false";
    toggle.setAttribute("aria-pressed", asSent);
    raw.textContent = asSent ? body : formatted;
  }, { className: "small", "aria-pressed": "false" });
  return [el("div", { className: "buttons" }, toggle,
    navigator.clipboard && button("Copy as sent", () => copy(body), { className: "small" })), raw];
}

// --- The stream ---

const reload = {
  all: soon(loadAll), webhooks: soon(loadWebhooks), faults: soon(loadFaults), clock: soon(loadClock),
  opened: soon(async () => {
    await loadWebhooks();
    await openDelivery();
  }),
  rows: soon(async () => showRows()),
};

async function loadAll() {
  await Promise.all([loadClock(), loadWebhooks(), loadFaults()]);
  await loadHistory(); // Its rows show the addresses of the webhooks.
}

function onRecord(r) {
  if (r.msg === "request") {
    if (r.path === "/_sandbox/reset") {
      rows.clear();
      revealed.clear();
      reload.all();
    } else if (r.path === "/_sandbox/faults") reload.faults();
    else if (r.path === "/_sandbox/clock") reload.clock();
    else if (r.path.startsWith("/webhooks") && r.method !== "GET") reload.webhooks();
    if (r.fault) reload.faults();
    return;
  }
  if (!kinds[r.msg]) {
    say(`${r.msg}: ${r.reason}`, true);
    return;
  }
  if (kinds[r.msg] !== "webhook") addRow(r); // Switches come with the state of webhooks.
  reload.rows();
  if (r.outcome) byId("announcement").textContent = `${r.eventType}: ${outcomes[r.outcome][0]}`;
  if (r.fault) reload.faults();
  if (opened && (r.eventId === opened.eventId || r.webhookId === opened.webhookId)) reload.opened();
  else reload.webhooks();
}

function connect() {
  const stream = new EventSource("/_sandbox/stream");
  const show = (text, kind) => {
    byId("connection").textContent = text;
    byId("connection").className = `badge ${kind}`;
  };
  stream.onopen = () => {
    show("Live", "good");
    unsay(); // It may be about the lost connection.
    rows.clear(); // After a break, this may be another sandbox.
    revealed.clear();
    run(async () => {
      const first = eventTypes.length === 0;
      await loadAll();
      if (!first) return;
      byId("start").open = ![...rows.values()].some((r) => r.record.outcome === "acknowledged");
      await loadEventTypes();
      await openDelivery();
    });
  };
  stream.onerror = () => show("Not connected", "bad");
  stream.onmessage = (message) => onRecord(JSON.parse(message.data));
}

// --- What the user does ---

function onSubmit(id, work, problem) {
  byId(id).addEventListener("submit", (e) => {
    e.preventDefault();
    run(() => work(new FormData(e.target)), problem && byId(problem));
  });
}

onSubmit("send", sendForm, "send-problem");
onSubmit("create", createWebhook, "create-problem");
onSubmit("clock", (form) => advanceBy(form), "clock-problem");
onSubmit("filters", showRows);
byId("filters").addEventListener("input", showRows);
byId("send-type").addEventListener("change", () => run(() => loadSample()));
byId("send-product").addEventListener("change", () => run(() => loadSample()));
byId("send-sample").addEventListener("click", () => run(() => loadSample(true)));
byId("send-first").addEventListener("click", () => run(() => send(firstEvent())));
byId("delete").addEventListener("click", () => run(deleteWebhook));
byId("create").addEventListener("input", showCreateWarning);
byId("no-faults").addEventListener("click", () => run(() => setFaults([])));
for (const s of document.querySelectorAll("[data-fault]")) {
  s.addEventListener("change", () => run(() => switchFault(s).catch((e) => loadFaults().then(() => { throw e; }))));
}
for (const b of document.querySelectorAll("[data-opens]")) {
  b.addEventListener("click", () => byId(b.dataset.opens).showModal());
}
for (const b of document.querySelectorAll("[data-closes]")) {
  b.addEventListener("click", () => b.closest("dialog").close());
}
byId("reset").addEventListener("click", () => run(async () => {
  await control("POST", "/reset");
  byId("confirm-reset").close();
  say("Everything was deleted.");
}));
// "close" comes a little later than the closing, when the next delivery may be open.
byId("delivery").addEventListener("cancel", leaveDelivery);
byId("delivery").addEventListener("close", (e) => e.target.open || leaveDelivery());
addEventListener("hashchange", () => run(openDelivery));

fillOrigin(document);
addCopyButtons(document.body);
setInterval(tick, 1000);
connect();
