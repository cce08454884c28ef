package process

import "syscall"

// dieWithUs makes the system send the command SIGTERM if we are killed, because then nobody is left who could end it or record its end. It is
// sent when the thread that started the command ends (PR_SET_PDEATHSIG(2const)); the command's own children do not get it.
func dieWithUs(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGTERM }
