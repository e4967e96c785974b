// Command curl stands in for curl where that is not installed. It has what the pages
// of the docs use: -s, -G, -X, -H and -d.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	method, address, inQuery := "", "", false
	header := http.Header{}
	var data []string
	args := os.Args[1:]
	value := func() (v string) {
		v, args = args[1], args[1:]
		return v
	}
	for ; len(args) > 0; args = args[1:] {
		switch args[0] {
		case "-s":
		case "-G":
			inQuery = true
		case "-X":
			method = value()
		case "-H":
			name, content, _ := strings.Cut(value(), ":")
			header.Set(name, strings.TrimSpace(content))
		case "-d":
			data = append(data, value())
		default:
			address = args[0]
		}
	}
	body := strings.Join(data, "&")
	if inQuery {
		address, body = address+"?"+body, ""
	}
	if method == "" {
		method = http.MethodGet
		if body != "" {
			method = http.MethodPost
		}
	}
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		fail(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fail(err)
	}
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "curl:", err)
	os.Exit(7)
}
