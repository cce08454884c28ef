package mlflow_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Iyalvan/mlops-track/mlflow"
)

func batch(metrics, params, tags, valueLength int) mlflow.Batch {
	var b mlflow.Batch
	for i := range metrics {
		b.Metrics = append(b.Metrics, mlflow.Metric{Key: fmt.Sprintf("m%d", i), Value: 1.0 / 3, Timestamp: 1 << 41, Step: int64(i)})
	}
	for i := range params {
		b.Params = append(b.Params, mlflow.Param{Key: fmt.Sprintf("p%d", i), Value: strings.Repeat("é", valueLength)})
	}
	for i := range tags {
		b.Tags = append(b.Tags, mlflow.Tag{Key: fmt.Sprintf("t%d", i), Value: strings.Repeat("\x01", valueLength)})
	}
	return b
}

func TestSplit(t *testing.T) {
	cases := []struct {
		name  string
		batch mlflow.Batch
		want  int // batches; 0: any number
	}{
		{"Nothing", mlflow.Batch{}, 0},
		{"One", batch(1, 1, 1, 1), 1},
		{"EveryLimitOnce", batch(800, 100, 100, 1), 1},
		{"SumOverLimit", batch(801, 100, 100, 1), 2},
		{"MetricsAndParams", batch(1500, 250, 0, 1), 3},
		{"Metrics", batch(10_000, 0, 0, 0), 10},
		{"Tags", batch(0, 0, 301, 1), 4},
		{"LongValues", batch(0, 250, 120, 6000), 0},
		{"ValueOverARequest", batch(2, 2, 2, 2*mlflow.MaxRequestBytes), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			parts := mlflow.Split(c.batch)
			if c.want > 0 && len(parts) != c.want {
				t.Errorf("%d batches, want %d", len(parts), c.want)
			}
			var whole mlflow.Batch
			for _, p := range parts {
				m, ps, ts := len(p.Metrics), len(p.Params), len(p.Tags)
				if p.Empty() || m > mlflow.MaxBatchMetrics || ps > mlflow.MaxBatchParams || ts > mlflow.MaxBatchTags ||
					m+ps+ts > mlflow.MaxBatchItems {
					t.Errorf("a batch has %d metrics, %d params and %d tags", m, ps, ts)
				}
				if text, err := json.Marshal(p); err != nil || len(text) > mlflow.MaxRequestBytes && m+ps+ts > 3 {
					t.Errorf("a batch has %d bytes, %v", len(text), err)
				}
				whole.Metrics = append(whole.Metrics, p.Metrics...)
				whole.Params = append(whole.Params, p.Params...)
				whole.Tags = append(whole.Tags, p.Tags...)
			}
			if diff := cmp.Diff(c.batch, whole, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("batches are not the whole in its order:\n%s", diff)
			}
		})
	}
}

func TestTruncate(t *testing.T) {
	cases := []struct {
		value string
		limit int
		want  string
		cut   bool
	}{
		{"", 0, "", false},
		{"abc", 3, "abc", false},
		{"abcd", 3, "abc", true},
		{"ééé", 3, "ééé", false},
		{"éééé", 3, "ééé", true},
		{"🎯🎯", 1, "🎯", true},
		{"a", 0, "", true},
		{"\xff\xfe\xfd", 2, "\xff\xfe", true},
	}
	for _, c := range cases {
		got, cut := mlflow.Truncate(c.value, c.limit)
		if got != c.want || cut != c.cut {
			t.Errorf("Truncate(%q, %d) = %q, %v, want %q, %v", c.value, c.limit, got, cut, c.want, c.cut)
		}
		if utf8.ValidString(c.value) && !utf8.ValidString(got) {
			t.Errorf("Truncate(%q, %d) cuts a character", c.value, c.limit)
		}
	}
}

func TestCheckKey(t *testing.T) {
	taken := []string{
		"loss", "val/acc", "a b", "größe", "温度", "x_1-2.3", "system/gpu_0", "a:b", ".hidden", "a..b", "a/.b",
		strings.Repeat("é", mlflow.MaxKeyLength),
	}
	for _, key := range taken {
		if err := mlflow.CheckKey(key); err != nil {
			t.Errorf("CheckKey(%q): %v", key, err)
		}
	}
	refused := []string{
		"", ".", "..", "../a", "a/../b", "/a", "a/", "a//b", "a/./b", "a@b", "50%", "x=1", "f(x)", "a\nb", "a\tb", `a\b`,
		"a\u3000b", "🎯", "a\x00b", strings.Repeat("k", mlflow.MaxKeyLength+1),
	}
	for _, key := range refused {
		err := mlflow.CheckKey(key)
		if err == nil {
			t.Errorf("CheckKey(%q) takes it", key)
		} else if len(err.Error()) > 200 {
			t.Errorf("CheckKey of a long key says %d bytes", len(err.Error()))
		}
	}
}
