package guard

import (
	"os"
	"syscall"
)

// begun is what was there when the process began.
var begun = begin() //nolint:gochecknoglobals // never changed; a variable, because its value is needed before main begins

type beginning struct {
	signals <-chan os.Signal
	environ []string
	args    []string
}

func begin() beginning {
	b := beginning{signals: catch(), args: copied(os.Args)}
	b.environ = takeEnvironment(hide)
	return b
}

// Signals returns the channel of the signals that came to this process, from its beginning on. What a signal means is not decided here.
func Signals() <-chan os.Signal { return begun.signals }

// Environ returns the environment that the process was started with, as NAME=value.
func Environ() []string { return begun.environ }

// Args returns the arguments that the process was started with, its own name first.
func Args() []string { return begun.args }

// takeEnvironment copies the environment, hides the block of memory that the system passed it in, and puts the copy where libraries look
// variables up: the strings of the Go runtime point into that block.
func takeEnvironment(hide func()) []string {
	environ := copied(syscall.Environ())
	syscall.Clearenv()
	hide()
	for _, entry := range environ {
		for i := range len(entry) {
			if entry[i] == '=' {
				_ = syscall.Setenv(entry[:i], entry[i+1:]) // a name that no program can look up is only handed on
				break
			}
		}
	}
	return environ
}

func copied(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = string([]byte(text))
	}
	return out
}
