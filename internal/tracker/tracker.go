package tracker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
)

// Process is one process of one boot of one machine. A PID that is used again has another start.
type Process struct {
	Machine   string // hash of the machine's id and name: the id itself is not to be published (man 5 machine-id)
	Boot      string
	Namespace string // of PIDs; empty: the system has none
	PID       int
	Start     string // unit of the system
}

// Self returns this process; false if the system does not say enough to find it again.
func Self() (Process, bool) {
	p := Process{Machine: machine(), Boot: boot(), Namespace: namespace(), PID: os.Getpid()}
	p.Start, _ = look(p.PID)
	return p, p.complete()
}

func (p Process) complete() bool {
	return p.Machine != "" && p.Boot != "" && p.Start != "" && p.PID > 0
}

// String returns the process as one line for Parse.
func (p Process) String() string {
	return fmt.Sprintf("pid=%d start=%s boot=%s namespace=%s machine=%s", p.PID, p.Start, p.Boot, p.Namespace, p.Machine)
}

// Parse reads what String wrote; false for any other text.
func Parse(text string) (Process, bool) {
	var p Process
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "pid":
			if _, err := fmt.Sscanf(value, "%d", &p.PID); err != nil {
				return Process{}, false
			}
		case "start":
			p.Start = value
		case "boot":
			p.Boot = value
		case "namespace":
			p.Namespace = value
		case "machine":
			p.Machine = value
		}
	}
	return p, p.complete()
}

// Gone reports whether a process has ended for certain.
func (p Process) Gone() bool {
	here, ok := Self()
	return ok && p.complete() && p.goneFrom(here, look)
}

// presence is what is known of a PID.
type presence int

const (
	unknown presence = iota
	present
	absent
)

// goneFrom decides for the machine, boot and namespace of here. After a boot only processes that were in no container are known to have been
// on this machine: names and ids of containers are not unique.
func (p Process) goneFrom(here Process, look func(pid int) (start string, there presence)) bool {
	switch {
	case p.Machine != here.Machine:
		return false
	case p.Boot != here.Boot:
		return p.Namespace == initialNamespace && here.Namespace == initialNamespace
	case p.Namespace != here.Namespace:
		return false
	}
	start, there := look(p.PID)
	return there == absent || there == present && start != "" && start != p.Start
}

// machineHash returns a name for a machine that says nothing about it.
func machineHash(id string) string {
	name, err := os.Hostname()
	if err != nil || id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("mlops-track " + id + " " + name))
	return hex.EncodeToString(sum[:8])
}
