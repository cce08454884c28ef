package process

import "os"

// others are signals that Windows does not have.
type others struct{ came chan os.Signal }

func followOthers(bool) others { return others{} }

func (others) stop() {}

func (others) forward(*os.Process, os.Signal) {}
