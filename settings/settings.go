package settings

import (
	"regexp"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// Settings is what the user set, checked, in groups. Only the command that parsed it holds it whole: each stage takes the
// group, or the few values, that it reads.
type Settings struct {
	Step   Step
	Run    Run
	Store  Store
	AWS    AWS
	Report Report
	CI     CI
	Redact []*regexp.Regexp
	DryRun bool
}

// Step is the training command and how it runs.
type Step struct {
	Command          []string // program and arguments; empty in the action, which has Script
	Script           string   // text for Shell
	Shell            string   // bash, sh, python, or a template with {0}
	WorkingDirectory string   // absolute
	Autolog          Autolog
	Results          Results
	PassEnv          []string // names of variables
	StopGrace        time.Duration
}

// Autolog is what the Python hook is told.
type Autolog struct {
	Enabled bool
	Config  map[string]any // keyword arguments of mlflow.autolog
}

// Results says where the step's results are found.
type Results struct {
	File        string   // absolute; empty: a temporary file
	MetricsFile string   // absolute; empty: a temporary file
	Artifacts   []string // globs
}

// Run is the MLflow run.
type Run struct {
	Experiment    string // empty: chosen by the plan
	Name          string // empty: chosen by the plan
	Prefix        string
	Tags          []mlflow.Tag // in the order given
	RegisterModel string       // auto, default-branch, never
	Inherited     Inherited
}

// Inherited is what MLflow's own variables and an mlops-track around us say about the run.
type Inherited struct {
	ExperimentID string // MLFLOW_EXPERIMENT_ID; empty where the user named an experiment
	RunID        string // MLFLOW_RUN_ID
	StepRunID    string // MLOPS_STEP_RUN_ID: the run of the mlops-track around us
}

// Store is where runs go and what happens when it is unreachable.
type Store struct {
	TrackingURI     string
	Default         bool          // nobody named a tracking URI: it is the default
	OnTrackingError string        // keep, fail
	OfflineDir      string        // absolute
	StartTimeout    time.Duration // for opening the run
	FinishTimeout   time.Duration // without progress; 0: no limit
}

// Report says where the report goes besides the log.
type Report struct {
	Comment Comment
	Files   Files
}

// Comment is the comment on the pull or merge request.
type Comment struct {
	When        string // auto, always, never
	Mode        string // update, hide-and-new, delete-and-new, new
	Key         string // empty: chosen from pipeline, job and experiment
	On          string // number of the request; empty: that of the job or of its branch
	GitHubToken string
	GitLabToken string
}

// Files are written for later steps and jobs: absolute paths, empty for those that are not asked for.
type Files struct {
	Outputs string // dotenv
	Report  string // JSON, for mlops-track report
	Summary string // Markdown
	Metrics string // OpenMetrics
	JUnit   string
}

// CI is what a CI system says only by settings.
type CI struct {
	Matrix string // JSON object; empty outside a matrix
	JobID  string
}

// AWS says which AWS role is assumed and how the step gets its credentials.
type AWS struct {
	Role            Role
	Token           Token
	Region          string
	SourceProfile   string
	Profile         Profile
	AllowedAccounts []string
	MaskAccount     bool
	Network         Network
	Credentials     string // refreshing, env, none: how the step gets them
}

// Profile is the profile in which the step finds the role's credentials.
type Profile struct {
	Name      string // empty: none
	Overwrite bool
}

// Network is how AWS is reached.
type Network struct {
	STSEndpoint string
	Proxy       string // URL; empty: as the environment says
	NoProxy     string // hosts, separated by commas; empty: as the environment says
}

// Role is the AWS role to assume.
type Role struct {
	ARN             string // or name; empty: none
	Chaining        bool
	SessionName     string // empty: chosen by the CI system
	Duration        time.Duration
	ExternalID      string
	Tags            SessionTags
	InlinePolicy    string // JSON on one line
	ManagedPolicies []string
}

// SessionTags are those of the role's session.
type SessionTags struct {
	Skip       bool
	Custom     map[string]string
	Transitive []string
}

// Token says where the OIDC token for the role comes from.
type Token struct {
	Audience string
	File     string // absolute; read again at each renewal
	Variable string // name of the variable that holds it
}
