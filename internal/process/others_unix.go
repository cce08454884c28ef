//go:build unix

package process

import (
	"os"
	"os/signal"
	"syscall"
)

// others are the signals that end no program by default, and those whose meaning programs make up. They are caught only while a command runs:
// nobody else has a use for them.
type others struct {
	came  chan os.Signal
	group bool // the command has a process group of its own
}

// followOthers catches them. A terminal sends its own to the command itself if that is in our group.
func followOthers(group bool) others {
	o := others{make(chan os.Signal, 16), group}
	wanted := realTime()
	if group {
		wanted = append(wanted, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGWINCH)
	}
	if len(wanted) > 0 { // without any, Notify takes all
		signal.Notify(o.came, wanted...)
	}
	return o
}

func (o others) stop() { signal.Stop(o.came) }

// forward forwards one of them. The one that stops the command stops us, too, because a shell waits for that; both continue together.
func (o others) forward(child *os.Process, sig os.Signal) {
	forward(child, o.group, sig)
	if sig == syscall.SIGTSTP {
		suspend()
		forward(child, o.group, syscall.SIGCONT)
	}
}
