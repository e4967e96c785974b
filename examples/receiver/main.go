// Command receiver is an example endpoint for Digital River's events. It verifies
// signatures, responds with 202 before it does any work, and handles each event
// once, however often it arrives. It uses only the standard library. Run it behind
// a proxy that terminates TLS.
//
// It prints its address, then a line for each event: "received TYPE ID",
// "again TYPE ID", or "refused: REASON".
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody  = 1 << 20 // 1 MiB, far more than an event has
	maxQueue = 1000
)

// event has the members that this receiver needs. It ignores all others: Digital
// River may add members at any time.
type event struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

// receiver is the endpoint.
type receiver struct {
	secretFile        string
	authorizationFile string
	tolerance         time.Duration
	queue             chan event
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to listen on; port 0 picks a free port")
	secretFile := flag.String("secret-file", "",
		"`file` with the signing secrets, one per line; read for each event, so a rotation needs no restart")
	authorizationFile := flag.String("authorization-file", "",
		"`file` with the required Authorization header, such as Basic c2hvcDpvcGVu (default: none is required)")
	tolerance := flag.Duration("tolerance", 5*time.Minute, "how far an event's timestamp may be from the current time")
	flag.Parse()
	log.SetFlags(0)
	if _, err := readSecret(*secretFile); err != nil {
		log.Fatal("-secret-file must name a file with the signing secret of the webhook: ", err)
	}
	if *authorizationFile != "" {
		if _, err := readSecret(*authorizationFile); err != nil {
			log.Fatal("-authorization-file must name a file with an Authorization header: ", err)
		}
	}
	r := &receiver{*secretFile, *authorizationFile, *tolerance, make(chan event, maxQueue)}
	go r.work()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Receiver: http://%s\n", listener.Addr())
	log.Fatal(newServer(r).Serve(listener))
}

// newServer returns a server that no client can occupy for long.
func newServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:      handler,
		ReadTimeout:  5 * time.Second, // for header and body; Digital River gives up after 3 s
		WriteTimeout: 10 * time.Second,
		IdleTimeout:  2 * time.Minute, // longer than that of usual proxies, so that they hang up first
	}
}

// ServeHTTP accepts an event. Digital River waits 3000 ms for the response.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if !r.authorized(request.Header.Get("Authorization")) {
		refuse(w, http.StatusUnauthorized, "wrong credentials")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, maxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		refuse(w, http.StatusBadRequest, "the body is larger than 1 MiB")
		return
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "the body is incomplete")
		return
	}
	// The signature covers the raw body, so verify it before parsing.
	if err := r.verify(request.Header.Get("DigitalRiver-Signature"), body, time.Now()); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.ID == "" {
		refuse(w, http.StatusBadRequest, "the body is not an event")
		return
	}
	select {
	case r.queue <- e:
		w.WriteHeader(http.StatusAccepted)
	default:
		refuse(w, http.StatusServiceUnavailable, "the queue is full; try again later")
	}
}

func refuse(w http.ResponseWriter, status int, reason string) {
	fmt.Println("refused:", reason)
	http.Error(w, reason, status)
}

func (r *receiver) authorized(got string) bool {
	if r.authorizationFile == "" {
		return true
	}
	want, err := readSecret(r.authorizationFile)
	return err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// readSecret returns the content of a file, which must not be empty.
func readSecret(file string) (string, error) {
	content, err := os.ReadFile(file)
	secret := strings.TrimSpace(string(content))
	if err == nil && secret == "" {
		err = fmt.Errorf("%s is empty", file)
	}
	return secret, err
}

// verify accepts a recent event with a signature by one of our secrets. During a
// rotation the header has a signature for each active secret; one match is enough.
func (r *receiver) verify(header string, body []byte, now time.Time) error {
	timestamp, signatures, _ := strings.Cut(header, ",")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("the signature header is malformed")
	}
	secrets, err := readSecret(r.secretFile)
	if err != nil {
		return errors.New("the secret cannot be read")
	}
	matches := false
	for _, secret := range strings.Fields(secrets) {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(timestamp + "."))
		mac.Write(body)
		want := []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		for signature := range strings.SplitSeq(signatures, ",") {
			matches = hmac.Equal([]byte(strings.TrimSpace(signature)), want) || matches
		}
	}
	if !matches {
		return errors.New("no secret matches the signature")
	}
	if now.Sub(time.Unix(seconds, 0)).Abs() > r.tolerance {
		return errors.New("the timestamp is too far from now")
	}
	return nil
}

// work handles events after they were acknowledged. In production, store the
// queue and the ids of handled events where they survive a restart.
func (r *receiver) work() {
	seen := map[string]bool{}
	for e := range r.queue {
		if seen[e.ID] {
			fmt.Println("again", e.Type, e.ID)
			continue
		}
		seen[e.ID] = true
		fmt.Println("received", e.Type, e.ID) // Handle the event here.
	}
}
