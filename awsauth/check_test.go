package awsauth

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	good := func() Options {
		return Options{
			Role: Role{
				ARN: "arn:aws:iam::123456789012:role/ci/train", SessionName: "train@7", Duration: 12 * time.Hour, ExternalID: "id:1/2",
				Policy: `{"Version": "2012-10-17"}`, PolicyARNs: []string{"arn:aws:iam::aws:policy/job-function/Billing", "arn:aws:iam::123456789012:policy/p"},
				Tags: SessionTags{
					Job: []Tag{{"Repository", "octo/train"}}, Custom: []Tag{{"Umlaut ü", ""}, {"cost center", "4711"}}, Transitive: []string{"Repository", "none"},
				},
			},
			Region: "us-east-1", STSEndpoint: "https://sts.example.org", AllowedAccounts: []string{"123456789012"},
		}
	}
	if err := good().Check(); err != nil {
		t.Fatalf("all is well, but %v", err)
	}
	token := VariableToken("T", "t")
	tests := map[string]struct {
		change func(*Options)
		fault  string // empty: fine
	}{
		"nothing":               {func(o *Options) { *o = Options{} }, ""},
		"name":                  {func(o *Options) { o.Role.ARN = "ci/train" }, ""},
		"MinIO's role":          {func(o *Options) { o.Role.ARN, o.AllowedAccounts = "arn:minio:iam:::role/idp", nil }, ""},
		"GovCloud":              {func(o *Options) { o.Role.ARN, o.Region = "arn:aws-us-gov:iam::123456789012:role/r", "us-gov-east-1" }, ""},
		"China":                 {func(o *Options) { o.Role.ARN, o.Region = "arn:aws-cn:iam::123456789012:role/r", "cn-northwest-1" }, ""},
		"name and token":        {func(o *Options) { o.Role.ARN, o.Tokens = "train", token }, "arn:aws:iam::123456789012:role/train"},
		"user's ARN":            {func(o *Options) { o.Role.ARN = "arn:aws:iam::123456789012:user/me" }, "must have the form"},
		"short account":         {func(o *Options) { o.Role.ARN = "arn:aws:iam::12345:role/r" }, "12 digits"},
		"unknown partition":     {func(o *Options) { o.Role.ARN = "arn:aws-moon:iam::123456789012:role/r" }, `"aws-moon"`},
		"blank in the name":     {func(o *Options) { o.Role.ARN = "my role" }, "neither an ARN"},
		"other partition":       {func(o *Options) { o.Region = "us-gov-west-1" }, "GovCloud"},
		"region":                {func(o *Options) { o.Region = "us_east_1" }, "region"},
		"region of AWS":         {func(o *Options) { o.Region, o.STSEndpoint = "auto", "" }, "region"},
		"region of another":     {func(o *Options) { o.Region = "auto" }, ""},
		"endpoint":              {func(o *Options) { o.STSEndpoint = "sts.example.org" }, "STS endpoint"},
		"account not allowed":   {func(o *Options) { o.AllowedAccounts = []string{"999999999999"} }, "not one of the allowed"},
		"allowed account":       {func(o *Options) { o.AllowedAccounts = []string{"1234-5678-9012"} }, "12 digits"},
		"long session name":     {func(o *Options) { o.Role.SessionName = strings.Repeat("x", 65) }, "session name"},
		"short session name":    {func(o *Options) { o.Role.SessionName = "x" }, "session name"},
		"blank in it":           {func(o *Options) { o.Role.SessionName = "my run" }, "session name"},
		"short duration":        {func(o *Options) { o.Role.Duration = 899 * time.Second }, "899 s"},
		"long duration":         {func(o *Options) { o.Role.Duration = 43201 * time.Second }, "43201 s"},
		"long chained one":      {func(o *Options) { o.Role.Chained = true }, "role chaining"},
		"chained":               {func(o *Options) { o.Role.Chained, o.Role.Duration = true, time.Hour }, ""},
		"external id":           {func(o *Options) { o.Role.ExternalID = "a b" }, "external id"},
		"policy":                {func(o *Options) { o.Role.Policy = `{"Version": }` }, "no JSON object"},
		"policy is a list":      {func(o *Options) { o.Role.Policy = `[]` }, "no JSON object"},
		"long policy":           {func(o *Options) { o.Role.Policy = `{"a": "` + strings.Repeat("x", 2042) + `"}` }, "2050 characters"},
		"blanks do not count":   {func(o *Options) { o.Role.Policy = `{"a":` + strings.Repeat(" ", 2048) + `1}` }, ""},
		"policy ARN":            {func(o *Options) { o.Role.PolicyARNs = []string{"ReadOnlyAccess"} }, "managed session policy"},
		"many policy ARNs":      {func(o *Options) { o.Role.PolicyARNs = make([]string, 11) }, "AWS allows 10"},
		"tag's key":             {func(o *Options) { o.Role.Tags.Custom = []Tag{{"a*", "b"}} }, "custom-tags: key"},
		"tag's value":           {func(o *Options) { o.Role.Tags.Custom = []Tag{{"a", "b*"}} }, "custom-tags: the value of"},
		"AWS's tag":             {func(o *Options) { o.Role.Tags.Custom = []Tag{{"AWS:x", "b"}} }, "which is reserved"},
		"tag twice":             {func(o *Options) { o.Role.Tags.Custom = []Tag{{"a", "b"}, {"A", "c"}} }, "given twice"},
		"tag of ours":           {func(o *Options) { o.Role.Tags.Custom = []Tag{{"repository", "b"}} }, "cannot be replaced"},
		"droppable tag of ours": {func(o *Options) { o.Role.Tags.Custom = []Tag{{"RunId", "b"}} }, "cannot be replaced"},
		"long value":            {func(o *Options) { o.Role.Tags.Custom = []Tag{{"a", strings.Repeat("é", 257)}} }, "at most 256"},
		"longest value":         {func(o *Options) { o.Role.Tags.Custom = []Tag{{strings.Repeat("k", 128), strings.Repeat("é", 256)}} }, ""},
		"long key":              {func(o *Options) { o.Role.Tags.Custom = []Tag{{strings.Repeat("k", 129), ""}} }, "1 to 128"},
		"no key":                {func(o *Options) { o.Role.Tags.Custom = []Tag{{"", "b"}} }, "1 to 128"},
		"line in a value":       {func(o *Options) { o.Role.Tags.Custom = []Tag{{"a", "b\nc"}} }, "custom-tags: the value of"},
		"transitive key":        {func(o *Options) { o.Role.Tags.Transitive = []string{"a*"} }, "transitive-tag-keys"},
		"many tags":             {func(o *Options) { o.Role.Tags.Job = make([]Tag, 49) }, "AWS allows 50"},
		"all faults are told":   {func(o *Options) { o.Region, o.Role.SessionName = "x y", "x" }, "session name"},
		"all faults are told2":  {func(o *Options) { o.Region, o.Role.SessionName = "x y", "x" }, "region"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := good()
			test.change(&opts)
			switch err := opts.Check(); {
			case test.fault == "" && err != nil:
				t.Error(err)
			case test.fault != "" && (err == nil || !strings.Contains(err.Error(), test.fault)):
				t.Errorf("error %v, want one with %q", err, test.fault)
			}
		})
	}
}

func TestSessionTags(t *testing.T) {
	t.Parallel()
	job := Job{
		Repository: "octo/train", Workflow: "büild & test #1", Action: "__run", Actor: "dependabot[bot]", Job: "train",
		Ref: "refs/heads/main", Commit: strings.Repeat("é", 300), EventName: "pull_request", BaseRef: "main", HeadRef: "a\x00b\xff~c",
		RunID: "42", TriggeringActor: "octo cat",
	}
	want := []Tag{
		{"GitHub", "Actions"}, {"Repository", "octo/train"}, {"Workflow", "büild _ test _1"}, {"Action", "__run"},
		{"Actor", "dependabot_bot_"}, {"Branch", "refs/heads/main"}, {"Commit", strings.Repeat("é", 256)},
		{"EventName", "pull_request"}, {"BaseRef", "main"}, {"HeadRef", "a_b__c"}, {"RunId", "42"}, {"Job", "train"}, {"TriggeringActor", "octo cat"},
	}
	if diff := cmp.Diff(want, GitHubTags(job)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	gitlab := GitLabTags(Job{Repository: "group/train", Job: "train", RunID: "7"})
	if diff := cmp.Diff([]Tag{{"GitLab", "CI"}, {"Repository", "group/train"}, {"RunId", "7"}, {"Job", "train"}}, gitlab); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, tag := range slices.Concat(GitHubTags(job), gitlab) {
		if !fitsTag(tag.Key, maxTagKey) || !fitsTag(tag.Value, maxTagValue) {
			t.Errorf("STS would reject the tag %q: %q", tag.Key, tag.Value)
		}
		if !containsKey(slices.Concat(ownKeys(), droppableKeys()), tag.Key) {
			t.Errorf("a user may replace the tag %q", tag.Key)
		}
	}
}

func TestSessionName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ci-7-train-1a2b3c4":           "ci-7-train-1a2b3c4",
		"group/train (a, b)":           "group-train-a,-b",
		"":                             "mlops-track",
		"é":                            "mlops-track",
		"x":                            "mlops-track",
		strings.Repeat("x", 63) + "-y": strings.Repeat("x", 63),
	} {
		got := SessionName(text)
		if got != want || !sessionNamePattern.MatchString(got) {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzSessionNameAndTags(f *testing.F) {
	f.Add("a/b", "c d")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		opts := Options{Role: Role{ARN: "r", SessionName: SessionName(a), Tags: SessionTags{Custom: GitHubTags(Job{Workflow: a, Actor: b})[1:]}}}
		for i := range opts.Role.Tags.Custom {
			opts.Role.Tags.Custom[i].Key += "2"
		}
		if err := opts.Check(); err != nil {
			t.Error(fmt.Errorf("%q, %q: %w", a, b, err))
		}
	})
}
