package ci_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Iyalvan/mlops-track/ciinfo"
	"github.com/Iyalvan/mlops-track/internal/ci"
)

// TestLog shows the exact lines that hide a secret and mark a warning or an error.
func TestLog(t *testing.T) {
	t.Parallel()
	const text = "50% of [a]; it's |\r\n##vso[x]::y::é"
	for provider, want := range map[ciinfo.Provider][3]string{
		ciinfo.GitHub: {
			"::add-mask::50%25 of [a]; it's |%0D%0A##vso[x]::y::é",
			"::warning::50%25 of [a]; it's |%0D%0A##vso[x]::y::é",
			"::error::50%25 of [a]; it's |%0D%0A##vso[x]::y::é",
		},
		ciinfo.Azure: {
			"##vso[task.setsecret]50%AZP25 of [a%5D%3B it's |%0D%0A##vso[x%5D::y::é",
			"##vso[task.logissue type=warning]50%AZP25 of [a%5D%3B it's |%0D%0A##vso[x%5D::y::é",
			"##vso[task.logissue type=error]50%AZP25 of [a%5D%3B it's |%0D%0A##vso[x%5D::y::é",
		},
		ciinfo.TeamCity: {
			"",
			"##teamcity[message text='50% of |[a|]; it|'s |||r|n##vso|[x|]::y::|0x00E9' status='WARNING']",
			"##teamcity[message text='50% of |[a|]; it|'s |||r|n##vso|[x|]::y::|0x00E9' status='ERROR']",
		},
	} {
		log := ci.For(job(provider, &strings.Builder{})).Log
		mask, err := log.Mask(text)
		if err != nil {
			t.Errorf("%s: %v", provider, err)
		}
		for i, got := range [][]byte{mask, log.Annotate("warning", text), log.Annotate("error", text)} {
			if want[i] == "" && len(got) == 0 {
				continue
			}
			if line := oneLine(t, got); line != want[i] {
				t.Errorf("%s:\n%s, want\n%s", provider, line, want[i])
			}
		}
	}
}

// TestOutputs shows the exact lines for values of a hostile training: each is one command, none is another's.
func TestOutputs(t *testing.T) {
	t.Parallel()
	for provider, want := range map[ciinfo.Provider]struct{ lines, left string }{
		ciinfo.Azure: {
			"##vso[task.setvariable variable=MLOPS_OUT_RUN_NAME;isOutput=true]a%5Db%3Bc%AZP25d%0D%0A##vso[task.setvariable variable=PATH%5D/x\n" +
				"##vso[task.setvariable variable=MLOPS_OUT_STATUS;isOutput=true]it's |done| [x%5D%0A##teamcity[buildStop comment='x'%5D é😀 %AZP25env.TOKEN%AZP25\n",
			"run-url metrics",
		},
		ciinfo.TeamCity: {
			"##teamcity[setParameter name='env.MLOPS_OUT_RUN_NAME' value='a|]b;c%%d|r|n##vso|[task.setvariable variable=PATH|]/x']\n" +
				"##teamcity[setParameter name='env.MLOPS_OUT_STATUS' value='it|'s ||done|| |[x|]|n##teamcity|[buildStop comment=|'x|'|] |0x00E9|0xD83D|0xDE00 %%env.TOKEN%%']\n" +
				"##teamcity[setParameter name='env.MLOPS_OUT_RUN_URL' value='$(SECRET)']\n",
			"metrics",
		},
	} {
		var log strings.Builder
		err := ci.For(job(provider, &log)).Outputs(hostile())
		if log.String() != want.lines {
			t.Errorf("%s:\n%s\nwant\n%s", provider, log.String(), want.lines)
		}
		for name := range strings.FieldsSeq(want.left) {
			if err == nil || !strings.Contains(err.Error(), "output "+name+" is not set") {
				t.Errorf("%s: %v does not say that %s is not set", provider, err, name)
			}
		}
		if len(lines(err.Error())) != len(strings.Fields(want.left)) {
			t.Errorf("%s: left out: %v", provider, err)
		}
	}
}

// TestNobodyReadsTheLog holds that nothing goes through the log where it goes to a file.
func TestNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	for _, provider := range []ciinfo.Provider{ciinfo.Azure, ciinfo.TeamCity} {
		j := job(provider, nil, "AGENT_TEMPDIRECTORY=/tmp")
		j.Command = nil
		if s := ci.For(j); s.Outputs != nil || s.Summary != nil {
			t.Errorf("%s has outputs or a summary", provider)
		}
	}
}

// TestAzureSummary leaves a file where the agent removes it after the job, and names it.
func TestAzureSummary(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log strings.Builder
	s := ci.For(job(ciinfo.Azure, &log, "AGENT_TEMPDIRECTORY="+dir))
	for range 2 {
		if err := s.Summary(func(int) string { return "# report" }); err != nil {
			t.Fatal(err)
		}
	}
	written := lines(log.String())
	if len(written) != 2 || written[0] == written[1] {
		t.Fatalf("commands %q", written)
	}
	for _, line := range written {
		file, ok := strings.CutPrefix(strings.TrimSpace(line), "##vso[task.uploadsummary]")
		text, err := os.ReadFile(file)
		if !ok || filepath.Dir(file) != dir || filepath.Ext(file) != ".md" || string(text) != "# report" {
			t.Errorf("%s: %q, %v", line, text, err)
		}
	}
	if s := ci.For(job(ciinfo.Azure, &log)); s.Summary != nil {
		t.Error("a summary without a folder for it")
	}
	s = ci.For(job(ciinfo.Azure, &log, "AGENT_TEMPDIRECTORY="+filepath.Join(dir, "missing")))
	if err := s.Summary(func(int) string { return "x" }); err == nil {
		t.Error("no error for a missing folder")
	}
}
