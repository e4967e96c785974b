// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	_ "embed"
	"encoding/xml"
	"strconv"
	"strings"
	"text/template"
)

// The layout of the chart, in pixels.
const (
	chartLabels = 310 // width of the column of labels
	chartTimes  = 150 // width of the column of times
	chartFloor  = 260 // length of a bar as long as the floor's
	chartRow    = 40  // height of a row
	chartTop    = 64  // height of what is above the rows
	chartBottom = 44  // height of what is below them
)

//go:embed chart.svg.tmpl
var chartTemplate string

// bar is a row of the chart. Lengths are in pixels.
type bar struct {
	Y               int
	Work            string
	Measured, Echo  string // times as the table shows them
	Requests        string
	Length, EchoEnd float64 // EchoEnd is 0 if the echo was not measured
}

// drawChart returns an SVG image of the rows that have a ratio: how long each took
// compared with the floor. The image follows the reader's light or dark mode.
func drawChart(title string, rows []row) (string, error) {
	var bars []bar
	longest := 1.0
	for _, r := range rows {
		if r.ratio == "" {
			continue
		}
		ratio, err := strconv.ParseFloat(r.ratio, 64)
		if err != nil {
			return "", err
		}
		b := bar{
			Y: chartTop + len(bars)*chartRow, Work: r.work, Measured: r.measured, Echo: r.echo,
			Length: chartFloor * ratio,
		}
		if _, err := strconv.Atoi(r.requests); err == nil {
			b.Requests = r.requests
		}
		if r.echo != "" {
			b.EchoEnd = chartFloor * secondsOf(r.echo) / secondsOf(r.floor)
		}
		longest = max(longest, ratio)
		bars = append(bars, b)
	}
	height := chartTop + len(bars)*chartRow + chartBottom
	var svg strings.Builder
	err := template.Must(template.New("").Funcs(template.FuncMap{"escape": escapeXML}).Parse(chartTemplate)).Execute(&svg,
		map[string]any{
			"Title":  title,
			"Bars":   bars,
			"Left":   chartLabels,
			"Floor":  chartLabels + chartFloor,
			"Times":  chartLabels + int(chartFloor*longest) + 12,
			"Width":  chartLabels + int(chartFloor*longest) + chartTimes,
			"Height": height,
			"Top":    chartTop,
			"Bottom": height - chartBottom,
		})
	return svg.String(), err
}

// secondsOf returns the number in a time as the table shows it.
func secondsOf(text string) float64 {
	s, _ := strconv.ParseFloat(strings.TrimSuffix(text, " s"), 64)
	return s
}

func escapeXML(text string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(text))
	return b.String(), err
}
