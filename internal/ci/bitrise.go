package ci

import "fmt"

// bitrise is Bitrise. A step of its library uploads a folder, as an archive if it has subfolders.
// https://github.com/bitrise-steplib/steps-deploy-to-bitrise-io
func bitrise(Job) System {
	return System{Keep: func(dir string) string {
		return fmt.Sprintf("archive the folder with a step after this one\n    - deploy-to-bitrise-io@2:\n        is_always_run: true\n        inputs: [deploy_path: %s, is_compress: \"true\"]", dir)
	}}
}
