package ciinfo

// Provider is a CI system.
type Provider string

// The CI systems that are known, and the place without one.
const (
	GitHub Provider = "github" // GitHub Actions, and what imitates it
	GitLab Provider = "gitlab"
	Local  Provider = "local" // a laptop, or a CI system that is not known
)

// Source is where Detect looks.
type Source struct {
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error) // reads the event file
	Dir      string                       // folder in which git is asked on a laptop
	Matrix   string                       // setting matrix: JSON; empty or null outside a matrix
	JobID    string                       // setting job-id
}

// Detect says what is known about this job.
func Detect(s Source) Info {
	var info Info
	switch {
	case s.Getenv("GITHUB_ACTIONS") == "true":
		info = detectGitHub(s)
	case s.Getenv("GITLAB_CI") == "true":
		info = detectGitLab(s)
	default:
		info = detectLocal(s)
	}
	if matrix, label := matrixCell(s.Matrix); label != "" {
		info.Job.Matrix, info.Job.MatrixLabel = matrix, label
	}
	info.Head.OnDefault = onDefault(info)
	return info
}

// onDefault says whether the job is for a commit on the default branch.
func onDefault(i Info) bool {
	return i.Head.Type == Branch && i.Head.Ref != "" && i.Head.Ref == i.Repository.DefaultBranch &&
		i.Change.ID == "" && !i.Change.Fork
}
