package doctor

import "context"

// Comment is what is looked at of the comment on a pull or merge request.
type Comment struct {
	On string // #5; empty: this job is not for one, and there is no check
	// Look asks GitHub or GitLab for the request with the token that will write.
	Look func(context.Context) error
}

// Checks is that of the comment. It stops no run: a job whose token may not write has its summary and its outputs.
func (c Comment) Checks() []Check {
	if c.On == "" {
		return nil
	}
	return []Check{{Name: "comment", Look: func(ctx context.Context) Finding {
		if err := c.Look(ctx); err != nil {
			return warn(failed(err, "").Fix, "there will be none on %s: %v", c.On, err)
		}
		return ok("the token sees %s; whether it may write shows when it does", c.On)
	}}}
}
