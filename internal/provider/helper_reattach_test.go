// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package provider

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/digitalriver"
)

// registries are the hosts that Terraform and OpenTofu take for a provider's
// source without a host.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// serve lets the commands of a workspace use providers that this process
// serves, each under its name in the namespace and with its clock:
// https://developer.hashicorp.com/terraform/plugin/debugging#running-terraform-with-a-provider-in-debug-mode
func (w *workspace) serve(clocks map[string]digitalriver.Clock) {
	w.t.Helper()
	type address struct{ Network, String string }
	type reattach struct {
		Protocol             string
		ProtocolVersion, Pid int
		Test                 bool
		Addr                 address
	}
	servers := map[string]reattach{}
	for name, clock := range clocks {
		served := serveProvider(w.t, clock)
		for _, registry := range registries {
			servers[registry+"/"+namespace+"/"+name] = reattach{
				Protocol: string(served.Protocol), ProtocolVersion: 6, Pid: served.Pid, Test: true,
				Addr: address{served.Addr.Network(), served.Addr.String()},
			}
		}
	}
	encoded, err := json.Marshal(servers)
	if err != nil {
		w.t.Fatal(err)
	}
	w.env = append(w.env, "TF_REATTACH_PROVIDERS="+string(encoded))
	w.requireProviders(slices.Sorted(maps.Keys(clocks))...)
}

func serveProvider(t *testing.T, clock digitalriver.Clock) *plugin.ReattachConfig {
	t.Helper()
	server := newServer(newProvider("test", clock))
	ctx, stop := context.WithCancel(context.Background())
	started, ended := make(chan *plugin.ReattachConfig), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve(Address, func() tfprotov6.ProviderServer { return server },
			tf6server.WithDebug(ctx, started, ended),
			tf6server.WithGoPluginLogger(hclog.NewNullLogger()),
			tf6server.WithLoggingSink(t))
	}()
	select {
	case config := <-started:
		t.Cleanup(func() {
			stop()
			<-ended
		})
		return config
	case err := <-failed:
		stop()
		t.Fatalf("could not serve the provider: %v", err)
		return nil
	}
}
