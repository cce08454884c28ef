package tracker

import (
	"os/exec"
	"runtime"
	"testing"
)

func TestGoneFrom(t *testing.T) {
	t.Parallel()
	here := Process{Machine: "m", Boot: "b", Namespace: initialNamespace, PID: 1, Start: "1"}
	with := func(change func(*Process)) Process {
		p := here
		p.PID, p.Start = 7, "70"
		change(&p)
		return p
	}
	there := func(start string, is presence) func(int) (string, presence) {
		return func(int) (string, presence) { return start, is }
	}
	for name, c := range map[string]struct {
		process Process
		look    func(int) (string, presence)
		want    bool
	}{
		"alive":             {process: with(func(*Process) {}), look: there("70", present)},
		"ended":             {process: with(func(*Process) {}), look: there("", absent), want: true},
		"the PID is used":   {process: with(func(*Process) {}), look: there("71", present), want: true},
		"hidden":            {process: with(func(*Process) {}), look: there("", unknown)},
		"another machine":   {process: with(func(p *Process) { p.Machine = "x" }), look: there("", absent)},
		"another, rebooted": {process: with(func(p *Process) { p.Machine, p.Boot = "x", "y" }), look: there("", absent)},
		"a container":       {process: with(func(p *Process) { p.Namespace = "4026532000" }), look: there("", absent)},
		"rebooted":          {process: with(func(p *Process) { p.Boot = "x" }), look: there("70", present), want: true},
		"a container before": {
			process: with(func(p *Process) { p.Boot, p.Namespace = "x", "4026532000" }), look: there("", absent),
		},
	} {
		if got := c.process.goneFrom(here, c.look); got != c.want {
			t.Errorf("%s: gone %v, want %v", name, got, c.want)
		}
	}
	inContainer := here
	inContainer.Namespace = "4026532000"
	if with(func(p *Process) { p.Boot = "x" }).goneFrom(inContainer, there("", absent)) && initialNamespace != "" {
		t.Error("a container says that a process outside of it ended with the boot")
	}
}

func TestProcessesOfThisMachine(t *testing.T) {
	t.Parallel()
	self, ok := Self()
	if !ok {
		t.Skip("this system does not say when a process was started: " + runtime.GOOS)
	}
	if parsed, ok := Parse(self.String()); !ok || parsed != self || parsed.Gone() {
		t.Errorf("this process is %v, parsed %v %v, gone %v", self, parsed, ok, parsed.Gone())
	}
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	other := self
	other.PID = cmd.Process.Pid
	other.Start, _ = look(other.PID)
	if other.Gone() {
		t.Error("a process that is there is gone")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if !other.Gone() {
		t.Error("a process that was killed is not gone")
	}
	for _, text := range []string{"", "pid=x", "pid=1 start=2", "nonsense"} {
		if p, ok := Parse(text); ok || p.Gone() {
			t.Errorf("%q is the process %v", text, p)
		}
	}
}
