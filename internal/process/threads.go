package process

import (
	"runtime"
	"sync"
)

const (
	// stepProcs is how many processors we use while a command runs: they are the command's, and each of ours may need a thread more.
	stepProcs = 2

	// spareThreads is how many idle threads wait while a command runs. What runs beside it are few blocking calls: waiting for its end, writing
	// its standard error, reading its metrics and storing them.
	spareThreads = 8

	// usedThreads is how many we have without those, and the command.
	usedThreads = 12
)

// reserveThreads makes sure that we need no new threads while a command runs: the Go runtime ends the process when it can't get one, and
// a training with many workers may reach the limit of its user or container. It starts some beforehand, which the runtime keeps; fewer
// where the limit is so low that they would be missed. The function that it returns gives the processors back.
func reserveThreads() (restore func()) {
	restore = func() {}
	if runtime.GOMAXPROCS(0) > stepProcs {
		runtime.GOMAXPROCS(stepProcs)
		restore = runtime.SetDefaultGOMAXPROCS
	}
	var begun sync.WaitGroup
	release := make(chan struct{})
	for range max(0, min(spareThreads, (threadLimit()-usedThreads)/2)) {
		begun.Add(1)
		go func() {
			runtime.LockOSThread() // with all of them at once each has a thread of its own
			defer runtime.UnlockOSThread()
			begun.Done()
			<-release
		}()
	}
	begun.Wait()
	close(release)
	return restore
}
