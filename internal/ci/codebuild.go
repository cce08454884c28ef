package ci

import "fmt"

// codebuild is AWS CodeBuild. It uploads artifacts of builds that fail, too, if the project has a bucket for them.
// https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
func codebuild(Job) System {
	return System{Keep: func(dir string) string {
		return fmt.Sprintf("archive the folder with these lines in the buildspec\n    artifacts:\n      files: ['%s/**/*']", dir)
	}}
}
