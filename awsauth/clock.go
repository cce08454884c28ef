package awsauth

import (
	"fmt"
	"time"
)

// expiredHint says whether a token was used too late or clocks differ.
func (e *Error) expiredHint() string {
	end := e.Claims.Expires
	if e.there.IsZero() || end.IsZero() {
		return "the token has expired: a job that gets one token at its start must use it before that"
	}
	text := fmt.Sprintf("the token expired at %s; by the clock of STS it is %s", clockTime(end), clockTime(e.there))
	if skew := e.here.Sub(e.there).Truncate(time.Second); skew.Abs() > maxSkew {
		return text + fmt.Sprintf("; this machine's clock is %s", aheadOfSTS(skew))
	}
	issued := e.Claims.IssuedAt
	if issued.IsZero() || e.here.Sub(issued) > time.Hour {
		return text + ": it was used too late; use the role earlier in the job, or keep the token's file up to date"
	}
	return text + fmt.Sprintf("; if it was new, the clock of its issuer, %s, is %s", e.Claims.Issuer,
		aheadOfSTS(issued.Sub(e.there).Truncate(time.Second)))
}

// clockHint says which clock is wrong, and by how much.
func (e *Error) clockHint() string {
	off, here := e.clock(), e.here.Sub(e.there).Truncate(time.Second)
	if e.signedOff() {
		return fmt.Sprintf("this machine's clock is %s: it says %s, STS says %s; set it (timedatectl set-ntp true)",
			aheadOfSTS(off), clockTime(e.here), clockTime(e.there))
	}
	text := fmt.Sprintf("the token is valid from %s, and by the clock of STS it is %s: the clock of the issuer, %s, is %s",
		clockTime(e.there.Add(off)), clockTime(e.there), e.Claims.Issuer, aheadOfSTS(off))
	if here.Abs() > time.Minute {
		text += fmt.Sprintf("; this machine's clock is %s", aheadOfSTS(here))
	}
	return text
}

// aheadOfSTS describes the difference of a clock to that of STS.
func aheadOfSTS(skew time.Duration) string {
	if skew < 0 {
		return fmt.Sprintf("%s behind the clock of STS", -skew)
	}
	return fmt.Sprintf("%s ahead of the clock of STS", skew)
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }
