package ciinfo

// Provider is a CI system.
type Provider string

// The CI systems that are known, and the place without one.
const (
	GitHub     Provider = "github" // GitHub Actions, and what imitates it
	GitLab     Provider = "gitlab"
	Buildkite  Provider = "buildkite"
	CircleCI   Provider = "circleci"
	Azure      Provider = "azure" // Azure Pipelines
	Bitbucket  Provider = "bitbucket"
	TeamCity   Provider = "teamcity"
	Travis     Provider = "travis"
	Woodpecker Provider = "woodpecker"
	Drone      Provider = "drone"
	Codefresh  Provider = "codefresh"
	AppVeyor   Provider = "appveyor"
	Buddy      Provider = "buddy"
	Bitrise    Provider = "bitrise"
	CodeBuild  Provider = "codebuild" // AWS CodeBuild, also when CodePipeline started it
	Jenkins    Provider = "jenkins"
	Local      Provider = "local" // a laptop, or a CI system that is not known
)

// Source is what Detect reads. It has functions for files and git, so that Detect does no I/O of its own.
type Source struct {
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error) // reads GitHub's event file and TeamCity's files of parameters
	Git      func(args ...string) string  // runs git in the folder of the step, several at once; nil: no git
	Username func() string                // the account's name, where no variable says it; may be nil
	Matrix   string                       // setting matrix: JSON; empty or null outside a matrix
	JobID    string                       // setting job-id
}

// system is one CI system.
type system struct {
	provider   Provider
	recognised func(getenv func(string) string) bool
	detect     func(Source) Info
}

// systems lists the CI systems in the order in which they are looked for; the first that is recognised wins. A system
// that runs inside another comes first: a runner of GitHub Actions may be a build of CodeBuild or live on a Jenkins agent.
// So does a system that sets the variables of another beside its own: Woodpecker sets CI_ variables like GitLab's, and
// those of Drone, from which it came. Jenkins is last, because other programs most likely use its variables.
func systems() []system {
	return []system{
		{GitHub, whenTrue("GITHUB_ACTIONS"), detectGitHub},
		{Woodpecker, recogniseWoodpecker, detectWoodpecker},
		{GitLab, whenTrue("GITLAB_CI"), detectGitLab},
		{Buildkite, whenTrue("BUILDKITE"), detectBuildkite},
		{CircleCI, whenTrue("CIRCLECI"), detectCircleCI},
		{Azure, whenTrue("TF_BUILD"), detectAzure},
		{Bitbucket, whenSet("BITBUCKET_BUILD_NUMBER", "BITBUCKET_REPO_FULL_NAME"), detectBitbucket},
		{TeamCity, recogniseTeamCity, detectTeamCity},
		{Travis, whenTrue("TRAVIS"), detectTravis},
		{Drone, whenTrue("DRONE"), detectDrone},
		{Codefresh, whenSet("CF_BUILD_ID", "CF_BUILD_URL"), detectCodefresh}, // CF_ alone is Cloud Foundry's too
		{AppVeyor, whenTrue("APPVEYOR"), detectAppVeyor},
		{Buddy, whenTrue("BUDDY"), detectBuddy},
		{Bitrise, whenTrue("BITRISE_IO"), detectBitrise},
		{CodeBuild, whenSet("CODEBUILD_BUILD_ID", "CODEBUILD_BUILD_ARN"), detectCodeBuild},
		{Jenkins, recogniseJenkins, detectJenkins},
	}
}

// whenTrue recognises a system by a variable that is true.
func whenTrue(name string) func(func(string) string) bool {
	return func(env func(string) string) bool { return isTrue(env(name)) }
}

// whenSet recognises a system by two variables that are both set.
func whenSet(one, two string) func(func(string) string) bool {
	return func(env func(string) string) bool { return env(one) != "" && env(two) != "" }
}

// Detect returns what is known about this job.
func Detect(s Source) Info {
	info := detectSystem(s, readCheckout(s.Git))
	if matrix, label := matrixCell(s.Matrix); label != "" {
		info.Job.Matrix, info.Job.MatrixLabel = matrix, label
	}
	info.Head.OnDefault = onDefault(info)
	return info
}

func detectSystem(s Source, checkout Checkout) Info {
	for _, system := range systems() {
		if system.recognised(s.Getenv) {
			info := system.detect(s)
			info.Provider, info.Checkout = system.provider, checkout
			return info
		}
	}
	return detectLocal(s, checkout)
}

// onDefault reports whether the job is for a commit on the default branch.
func onDefault(i Info) bool {
	return i.Head.Type == Branch && i.Head.Ref != "" && i.Head.Ref == i.Repository.DefaultBranch &&
		(i.Change.ID == "" || i.Change.Branch) && !i.Change.Fork
}
