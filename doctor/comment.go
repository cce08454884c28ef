package doctor

import "context"

// Comment says which pull or merge request to check for comments.
type Comment struct {
	On string // #5; empty: this job is not for one, and there is no check
	// Look reads the request from GitHub or GitLab with the token that will write.
	Look func(context.Context) error
}

// Checks returns the check of the comment. It only warns: a job without permission to comment still has its summary and outputs.
func (c Comment) Checks() []Check {
	if c.On == "" {
		return nil
	}
	return []Check{{Name: "comment", Look: func(ctx context.Context) Finding {
		if err := c.Look(ctx); err != nil {
			return warn(failed(err, "").Fix, "cannot comment on %s: %v", c.On, err)
		}
		return ok("the token can read %s; its permission to write is not checked", c.On)
	}}}
}
