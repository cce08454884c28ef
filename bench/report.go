//go:build ignore

// Renders the report of a run with 10,000 metrics of 1,000 points each, from the points to the page, the comment and the file.
package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/Iyalvan/mlops-track/publish/report"
)

func main() {
	const metrics, points = 10_000, 1000
	r := report.Report{
		Run:     report.Run{Name: "bench", URL: "https://mlflow.example.com/#/experiments/1/runs/1"},
		Outcome: report.Outcome{Status: "FINISHED", Duration: time.Minute},
		Values:  report.Values{Metrics: make(map[string]float64, metrics), Histories: make(map[string][]report.Point, metrics)},
	}
	history := make([]report.Point, points) // as a store answers: one metric after the other
	for m := range metrics {
		for i := range history {
			history[i] = report.Point{Step: int64(i), Value: 1/float64(i+1) + math.Abs(float64((i*m)%97)/1000)}
		}
		name := fmt.Sprintf("layer_%05d/loss", m)
		r.Values.Histories[name] = report.Thin(history)
		r.Values.Metrics[name] = history[points-1].Value
	}
	page, comment := report.Markdown(r), report.Comment(r, report.MaxComment)
	if err := report.Write(io.Discard, r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, len(page), "bytes of page,", len(comment), "bytes of comment")
}
