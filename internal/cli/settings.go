package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/Iyalvan/mlops-track/awsauth"
	"github.com/Iyalvan/mlops-track/internal/hint"
	"github.com/Iyalvan/mlops-track/internal/redact"
	"github.com/Iyalvan/mlops-track/mlflow/store"
	"github.com/Iyalvan/mlops-track/settings"
)

// parse reads the settings, hides what is secret among them, and checks what can be checked before anything is done. All
// errors are returned at once.
func (a *app) parse(src settings.Sources, help string) (settings.Settings, error) {
	src.Env, src.Dir = a.getenv, a.Dir
	file, err := configuration(a.Dir)
	src.File = file
	known := secretOnes(slices.Concat(a.inherited, redact.Find(nil, src.Command), settings.Secrets(src)))
	for _, secret := range append(known, settings.Accounts(src, a.Environ)...) {
		a.console.Mask(secret) // before anything else is printed
		if a.Hide != nil {
			a.Hide(secret)
		}
	}
	s, faults := settings.Parse(src)
	a.secrets.Hide(s.Redact...)
	if faults = errors.Join(err, faults, a.check(s)); faults != nil {
		return s, usageError{hint.With(faults, "see "+help+" --help")}
	}
	return s, nil
}

// check checks the files and folders that the settings name, and the values whose rules are in other packages.
func (a *app) check(s settings.Settings) error {
	var faults []error
	if info, err := os.Stat(s.Step.WorkingDirectory); err != nil || !info.IsDir() {
		faults = append(faults, fmt.Errorf("working-directory %q is not a folder", s.Step.WorkingDirectory))
	}
	_, err := store.Describe(store.Options{URI: s.Store.TrackingURI, Dir: a.Dir})
	return errors.Join(append(faults, err, a.variableFaults(s.Store), roleOptions(s.AWS).Check(), awsauth.Profile{Name: s.AWS.Profile.Name}.Check())...)
}

// roleOptions are those that follow from the settings alone.
func roleOptions(s settings.AWS) awsauth.Options {
	return awsauth.Options{
		Role: awsauth.Role{
			ARN: s.Role.ARN, Chained: s.Role.Chaining, SessionName: s.Role.SessionName, Duration: s.Role.Duration,
			ExternalID: s.Role.ExternalID, Policy: s.Role.InlinePolicy, PolicyARNs: s.Role.ManagedPolicies,
			Tags: customTags(s.Role.Tags),
		},
		Profile: s.SourceProfile, Region: s.Region, STSEndpoint: s.Network.STSEndpoint, AllowedAccounts: s.AllowedAccounts,
	}
}

// customTags are the session tags that the settings name.
func customTags(s settings.SessionTags) awsauth.SessionTags {
	tags := awsauth.SessionTags{Transitive: s.Transitive}
	for _, key := range slices.Sorted(maps.Keys(s.Custom)) {
		tags.Custom = append(tags.Custom, awsauth.Tag{Key: key, Value: s.Custom[key]})
	}
	return tags
}

// input reads an action input as the runner passes it.
func (a *app) input(name string) (string, bool) {
	value := strings.TrimSpace(a.getenv(settings.Setting{Name: name}.Input()))
	return value, value != ""
}

// flags holds the flags of a command, one for each setting.
type flags struct {
	values map[string]*string
	lists  map[string]*[]string
	tags   []string
}

func newFlags() *flags {
	return &flags{values: map[string]*string{}, lists: map[string]*[]string{}}
}

// register adds the flags of some settings, or of all and --tag.
func (f *flags) register(cmd *cobra.Command, names ...string) {
	for _, s := range settings.All() {
		if s.ActionOnly || len(names) > 0 && !slices.Contains(names, s.Name) {
			continue
		}
		help := flagHelp(s)
		switch s.Kind {
		case settings.Lines:
			f.lists[s.Name] = cmd.Flags().StringArray(s.Name, nil, help)
		case settings.Switch:
			f.values[s.Name] = cmd.Flags().String(s.Name, "", help)
			cmd.Flags().Lookup(s.Name).NoOptDefVal = "true"
		default:
			f.values[s.Name] = cmd.Flags().String(s.Name, "", help)
		}
	}
	if len(names) == 0 {
		cmd.Flags().StringArrayVar(&f.tags, "tag", nil, "one tag, key=value; repeats")
	}
}

// sources returns the flags on the command line, and the command after them.
func (f *flags) sources(cmd *cobra.Command, command ...string) settings.Sources {
	set := func(name string) (string, bool) {
		if flag := cmd.Flags().Lookup(name); flag == nil || !flag.Changed {
			return "", false
		}
		if list, ok := f.lists[name]; ok {
			return strings.Join(*list, "\n"), true
		}
		if value, ok := f.values[name]; ok {
			return *value, true
		}
		return "", false // a flag of the command's own that has the name of a setting
	}
	return settings.Sources{Set: set, Tags: f.tags, Command: command}
}

func flagHelp(s settings.Setting) string {
	help := strings.ReplaceAll(s.Help, "`", "")
	switch {
	case s.Otherwise != "":
		help += " (default: " + strings.ReplaceAll(s.Otherwise, "`", "") + ")"
	case s.Default != "":
		help += fmt.Sprintf(" (default %s)", s.Default)
	}
	return help
}
