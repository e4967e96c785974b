// An example endpoint for Digital River's events. It verifies signatures, responds
// with 202 before it does any work, and handles each event once, however often it
// arrives. It needs Node 18 or later and no packages. Run it behind a proxy that
// terminates TLS:
//
//   DIGITALRIVER_WEBHOOK_SECRET=whk_… node receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const maxBody = 1 << 20; // bytes: 1 MiB, far more than an event has
const tolerance = 5 * 60; // seconds

const secret = process.env.DIGITALRIVER_WEBHOOK_SECRET?.trim();
if (!secret) {
  console.error("Set DIGITALRIVER_WEBHOOK_SECRET to the signing secret of the webhook.");
  process.exit(1);
}

const options = {
  requestTimeout: 5_000, // ms, for header and body; Digital River gives up after 3 s
  connectionsCheckingInterval: 1_000, // how often Node looks for requests that take too long
  keepAliveTimeout: 120_000, // longer than that of usual proxies, so that they hang up first
};

const seen = new Set(); // the ids of handled events

const server = createServer(options, (request, response) => {
  receive(request)
    .then(
      (event) => {
        response.writeHead(202).end();
        return handle(event);
      },
      (error) => {
        console.log("refused:", error.message);
        response.writeHead(400).end(error.message);
      },
    )
    .catch(console.error);
});

server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`Receiver: http://127.0.0.1:${server.address().port}`);
});

// receive returns the event of a request, or throws the reason to refuse it.
async function receive(request) {
  const body = await read(request);
  verify(request.headers["digitalriver-signature"], body); // The signature covers the raw body.
  try {
    const event = JSON.parse(body);
    if (event.id) return event;
  } catch {}
  throw new Error("the body is not an event");
}

// read returns the raw body. It reads on when the body is too large, without
// keeping any more, so that the client gets a response.
async function read(request) {
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      size += chunk.length;
      if (size <= maxBody) chunks.push(chunk);
    }
  } catch {
    throw new Error("the body is incomplete");
  }
  if (size > maxBody) throw new Error("the body is larger than 1 MiB");
  return Buffer.concat(chunks);
}

// verify accepts a recent event with a signature by our secret. During a rotation
// the header has a signature for each active secret; one match is enough.
function verify(header = "", body) {
  const [timestamp, ...signatures] = header.split(",").map((part) => part.trim());
  if (!/^\d+$/.test(timestamp)) throw new Error("the signature header is malformed");
  const want = createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest();
  const matches = signatures.some((signature) => {
    const got = Buffer.from(signature, "base64");
    return got.length === want.length && timingSafeEqual(got, want);
  });
  if (!matches) throw new Error("no secret matches the signature");
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > tolerance) {
    throw new Error("the timestamp is too far from now");
  }
}

// handle handles an event after it was acknowledged. In production, store the
// event, and the ids of handled events, where they survive a restart.
async function handle({ id, type }) {
  if (seen.has(id)) {
    console.log("again", type, id);
    return;
  }
  seen.add(id);
  console.log("received", type, id); // Handle the event here.
}
