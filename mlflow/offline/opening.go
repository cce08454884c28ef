package offline

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// connectLimit is how long a server counts as being on its way up while it takes no connection. One that takes them may be slow.
const connectLimit = 6 * time.Second

// opening returns the limit for calls that open a run: limit for all of them, from the first one on, and less as long as the
// server takes no connection.
func opening(limit time.Duration) within {
	var begin sync.Once
	var deadline time.Time
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		begin.Do(func() { deadline = time.Now().Add(limit) })
		ctx, end := context.WithDeadlineCause(ctx, deadline, fmt.Errorf("the run was not open after %s", limit))
		ctx, cancel := context.WithCancelCause(ctx)
		connecting := time.AfterFunc(min(connectLimit, limit), func() {
			cancel(fmt.Errorf("no connection within %s", min(connectLimit, limit)))
		})
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connecting.Stop() }})
		return ctx, func() { connecting.Stop(); cancel(nil); end() }
	}
}

// How a run is looked for that a create without an answer may still make, while that is under way.
const (
	firstLook = 250 * time.Millisecond
	lastLook  = 2 * time.Second
)

// Withdraw ends a run whose opening was interrupted as KILLED on the server: one that was resumed, or one that a create without
// an answer made, which is found by its tag mlops.job.id. Such a create may still be under way, so it is looked for until ctx
// ends. It returns the run, which has no id if there is none.
func (s *Store) Withdraw(ctx context.Context) (mlflow.RunRef, error) {
	s.mu.Lock()
	resumed, changed, unsure, run := s.resume, s.changed, s.unsure, s.run
	s.mu.Unlock()
	killed := mlflow.RunUpdate{Status: mlflow.Killed, End: time.Now()}
	if changed {
		return mlflow.RunRef{ID: resumed}, s.server.UpdateRun(ctx, resumed, killed)
	}
	id := jobID(run.Tags)
	if !unsure || id == "" {
		return mlflow.RunRef{}, nil
	}
	search := mlflow.RunSearch{ExperimentID: run.ExperimentID, Tags: []mlflow.Tag{{Key: mlflow.JobIDTag, Value: id}}, Limit: 1}
	for wait := firstLook; ; wait = min(2*wait, lastLook) {
		found, err := s.server.SearchRuns(ctx, search)
		switch {
		case len(found) > 0:
			return found[0].Ref(), s.server.UpdateRun(ctx, found[0].ID, killed)
		case err != nil:
			return mlflow.RunRef{}, fmt.Errorf("look for the run with the tag %s %q: %w", mlflow.JobIDTag, id, err)
		}
		select {
		case <-ctx.Done():
			return mlflow.RunRef{}, nil
		case <-time.After(wait):
		}
	}
}

// noteOpening records what of an opening that failed may be on the server.
func (s *Store) noteOpening(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsure = errors.Is(err, mlflow.ErrUncertain)
}

// noteChange records that a run is changed which is resumed.
func (s *Store) noteChange(runID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = s.changed || !s.limited && s.resume != "" && runID == s.resume
}

// jobID returns the value of the tag mlops.job.id; empty if there is none.
func jobID(tags []mlflow.Tag) string {
	for _, t := range tags {
		if t.Key == mlflow.JobIDTag {
			return t.Value
		}
	}
	return ""
}

// marked returns the tags of a local twin with the job id that the run has on the server, by which an upload knows it. The mutex
// is held.
func (s *Store) marked(tags []mlflow.Tag) []mlflow.Tag {
	id := s.known.Tags[mlflow.JobIDTag]
	if id == "" || jobID(tags) != "" {
		return tags
	}
	return append(slices.Clip(tags), mlflow.Tag{Key: mlflow.JobIDTag, Value: id})
}
