// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// measurement is something that is measured.
type measurement struct {
	name string
	// take measures and returns rows for the report. A row without a name of its
	// own gets the measurement's.
	take func(context.Context) ([]row, error)
}

func (b *bench) measurements() []measurement {
	return []measurement{
		b.plan(100, 10, 1.25),
		b.plan(1000, 10, 1.25),
		b.plan(1000, 60, 1.5),
		b.plan(5000, 10, 1.25),
		{"plan of one webhook (-target) of 1000", b.planOne},
		{"apply of one change among 1000 webhooks", b.applyOneChange},
		{"create 200 webhooks, no limit, 0 ms", b.create},
		{"create 500 webhooks, live limit, 50 ms", b.createAtLimit},
		{"providers schema -json", b.schema},
		{"binary, stripped", b.binary},
	}
}

// plan measures a plan of unchanged webhooks.
func (b *bench) plan(webhooks, types int, bar float64) measurement {
	name := fmt.Sprintf("plan of %d webhooks, %d types each", webhooks, types)
	return measurement{name, func(ctx context.Context) ([]row, error) {
		w, err := b.existingWebhooks(ctx, webhooks, types)
		if err != nil {
			return nil, err
		}
		defer w.sandbox.stop()
		things, err := b.existingThings(webhooks)
		if err != nil {
			return nil, err
		}
		medians, err := b.medians(things.plan(ctx), w.plan(ctx), w.withEcho().plan(ctx))
		if err != nil {
			return nil, err
		}
		floor, measured, echo := medians[0], medians[1], medians[2]
		requests := measured.requests["all"]

		r := compare(measured, floor, bar)
		r.echo = seconds(echo.wall)
		r.requests = strconv.Itoa(requests)
		r.bar = "≤ 2 requests, " + r.bar
		r.met = r.met && requests <= 2
		rows := []row{r}
		if webhooks == 1000 && types == 10 && measured.peak > 0 {
			rows = append(rows, row{
				work:     "memory of that plan, peak RSS",
				measured: megabytes(measured.peak),
				floor:    megabytes(floor.peak),
				bar:      "≤ floor + 30 MB",
				met:      measured.peak <= floor.peak+30e6,
			})
		}
		return rows, nil
	}}
}

// planOne measures a plan that is limited to one webhook of many.
func (b *bench) planOne(ctx context.Context) ([]row, error) {
	w, err := b.existingWebhooks(ctx, 1000, 10)
	if err != nil {
		return nil, err
	}
	defer w.sandbox.stop()
	measured, err := b.median(w.plan(ctx, "-target=digitalriver_webhook.many[7]"))
	if err != nil {
		return nil, err
	}
	requests := measured.requests["all"]
	return []row{{
		measured: seconds(measured.wall),
		requests: strconv.Itoa(requests),
		bar:      "1 request",
		met:      requests == 1,
	}}, nil
}

// applyOneChange measures an apply that changes one webhook of many.
func (b *bench) applyOneChange(ctx context.Context) ([]row, error) {
	w, err := b.existingWebhooks(ctx, 1000, 10)
	if err != nil {
		return nil, err
	}
	defer w.sandbox.stop()
	changes := 0
	measured, err := b.median(func() (result, error) {
		changes++
		path := fmt.Sprintf(`${count.index == 7 ? "changed-%d" : count.index}`, changes)
		if err := w.writeConfig(webhooksConfig(1000, 10, path)); err != nil {
			return result{}, err
		}
		return w.run(ctx, "apply", "-auto-approve")
	})
	if err != nil {
		return nil, err
	}
	gets, patches := measured.requests["GET"], measured.requests["PATCH"]
	return []row{{
		measured: seconds(measured.wall),
		requests: fmt.Sprintf("%d GET + %d PATCH", gets, patches),
		bar:      "1 list + 1 PATCH",
		met:      gets == 1 && patches == 1,
	}}, nil
}

// create measures creates without a rate limit or latency.
func (b *bench) create(ctx context.Context) ([]row, error) {
	measured, floor, err := b.creates(ctx, 200, unlimited, testKey, []string{"-rate-limit", "off"})
	if err != nil {
		return nil, err
	}
	return []row{compare(measured, floor, 1.5)}, nil
}

// createAtLimit measures creates in live mode, at the documented 250 requests per
// second. It compares with the floor plus the time that the limit takes.
func (b *bench) createAtLimit(ctx context.Context) ([]row, error) {
	measured, floor, err := b.creates(ctx, 500, "", liveKey, []string{"-latency", "50ms"}, "-parallelism=50")
	if err != nil {
		return nil, err
	}
	floor.wall += 500 * time.Second / 250
	r := compare(measured, floor, 1.3)
	r.requests = fmt.Sprintf("%d × 429", measured.requests["429"])
	r.bar = "≤ 1.30 × (500/250 s + floor)"
	return []row{r}, nil
}

// creates measures applies that create n webhooks in an empty sandbox, and applies
// that create as many resources of the floor. The applies get the args.
func (b *bench) creates(
	ctx context.Context, n int, providerConfig, key string, sandboxFlags []string, args ...string,
) (measured, floor result, err error) {
	things, err := b.newWorkspace("floor", floorConfig(n))
	if err != nil {
		return measured, floor, err
	}
	w, err := b.newWorkspace("digitalriver", providerConfig+webhooksConfig(n, 10, eachIndex))
	if err != nil {
		return measured, floor, err
	}
	s, err := b.startSandbox(ctx, w.file("sandbox.db"), sandboxFlags...)
	if err != nil {
		return measured, floor, err
	}
	defer s.stop()
	w.use(s, key)
	medians, err := b.medians(things.create(ctx, args...), w.create(ctx, args...))
	if err != nil {
		return measured, floor, err
	}
	return medians[1], medians[0], nil
}

// schema measures the start of the provider's process and the transfer of its schema.
func (b *bench) schema(ctx context.Context) ([]row, error) {
	things, err := b.newWorkspace("floor", "")
	if err != nil {
		return nil, err
	}
	w, err := b.newWorkspace("digitalriver", "")
	if err != nil {
		return nil, err
	}
	schema := []string{"providers", "schema", "-json"}
	medians, err := b.medians(things.command(ctx, schema...), w.command(ctx, schema...))
	if err != nil {
		return nil, err
	}
	floor, measured := medians[0], medians[1]
	return []row{compare(measured, floor, 1.2)}, nil
}

// binary measures the size of the provider's binary.
func (b *bench) binary(context.Context) ([]row, error) {
	info, err := os.Stat(b.file(providers, providerBinary))
	if err != nil {
		return nil, err
	}
	return []row{{measured: megabytes(info.Size()), bar: "≤ 25 MB", met: info.Size() <= 25e6}}, nil
}
