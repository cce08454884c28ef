//go:build unix

package process

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// others are the signals that end no program by default, and those whose meaning programs make up. They are caught only while a command runs:
// nobody else has a use for them.
type others struct {
	came  chan os.Signal
	group bool // the command has a process group of its own
	later *time.Timer
}

// realTimeDelay spares short commands the milliseconds that it takes to catch all real-time signals.
const realTimeDelay = 200 * time.Millisecond

// followOthers catches them. A terminal sends its own to the command itself if that is in our group.
func followOthers(group bool) others {
	o := others{came: make(chan os.Signal, 16), group: group}
	if group {
		signal.Notify(o.came, syscall.SIGTSTP, syscall.SIGCONT, syscall.SIGWINCH)
	}
	o.later = time.AfterFunc(realTimeDelay, func() {
		if wanted := realTime(); len(wanted) > 0 { // without any, Notify takes all
			signal.Notify(o.came, wanted...)
		}
	})
	return o
}

func (o others) stop() {
	o.later.Stop()
	signal.Stop(o.came)
}

// forward forwards one of them. The one that stops the command stops us, too, because a shell waits for that; both continue together.
func (o others) forward(child *os.Process, sig os.Signal) {
	forward(child, o.group, sig)
	if sig == syscall.SIGTSTP {
		suspend()
		forward(child, o.group, syscall.SIGCONT)
	}
}
