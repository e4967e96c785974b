// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

// Command echo is a provider with the schema of digitalriver that does nothing: it
// returns the state that it is given. The time of a plan with it is the time that
// Terraform itself needs for webhooks.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/provider"
)

func main() {
	// The provider turns this log off too, unless the user asks for a log.
	if err := os.Setenv("TF_LOG_SDK", "off"); err != nil {
		log.Fatal(err)
	}
	err := tf6server.Serve(provider.Address, func() tfprotov6.ProviderServer {
		return echo{providerserver.NewProtocol6(provider.New("bench")())()}
	})
	if err != nil {
		log.Fatal(err)
	}
}

// echo serves webhooks without work; the framework serves the schema and the rest.
type echo struct{ tfprotov6.ProviderServer }

var _ tfprotov6.ProviderServer = echo{}

func (echo) ValidateResourceConfig(
	context.Context, *tfprotov6.ValidateResourceConfigRequest,
) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return &tfprotov6.ValidateResourceConfigResponse{}, nil
}

func (echo) UpgradeResourceState(
	_ context.Context, req *tfprotov6.UpgradeResourceStateRequest,
) (*tfprotov6.UpgradeResourceStateResponse, error) {
	state := &tfprotov6.DynamicValue{JSON: req.RawState.JSON}
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: state}, nil
}

func (echo) ReadResource(
	_ context.Context, req *tfprotov6.ReadResourceRequest,
) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: req.CurrentState}, nil
}

func (echo) PlanResourceChange(
	_ context.Context, req *tfprotov6.PlanResourceChangeRequest,
) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.PriorState}, nil
}
