// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package command

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/urfave/cli/v3"
)

// tlsFlags are the flags for the certificates of endpoints.
type tlsFlags struct {
	caFile   string
	insecure bool
}

// flags returns the flags, with a purpose such as "for the endpoint".
func (f *tlsFlags) flags(purpose string) []cli.Flag {
	return []cli.Flag{
		stringFlag("cacert", "", purpose+", also trust the certificates in this PEM `FILE`", &f.caFile),
		boolFlag("insecure", purpose+", do not check the certificate", &f.insecure),
	}
}

// config returns the configuration that the flags ask for, nil for the default.
func (f *tlsFlags) config() (*tls.Config, error) {
	switch {
	case f.caFile != "" && f.insecure:
		return nil, wrongUsage("-cacert and -insecure exclude each other")
	case f.insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case f.caFile == "":
		return nil, nil
	}
	pem, err := os.ReadFile(f.caFile)
	if err != nil {
		return nil, wrongUsage("%v", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, wrongUsage("-cacert: %s does not have a certificate in PEM form", f.caFile)
	}
	return &tls.Config{RootCAs: roots}, nil
}
