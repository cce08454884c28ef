package ci

import "fmt"

// buddy is Buddy. A pipeline's file system outlives the run, and every file of it can be downloaded.
// https://buddy.works/docs/pipelines/introduction/pipeline-filesystem
func buddy(Job) System {
	return System{Keep: func(dir string) string {
		return fmt.Sprintf("the folder %s stays in the file system of the pipeline until its cache is cleared", dir)
	}}
}
