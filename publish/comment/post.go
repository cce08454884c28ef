package comment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/Iyalvan/mlops-track/internal/retry"
)

// Outcome is what Post did.
type Outcome string

// Outcomes of Post.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the comment said all that already
	Outdated  Outcome = "outdated"  // it shows a newer run and was not changed
)

// Posted is the result of Post.
type Posted struct {
	URL     string // of the comment; empty: no comment
	Outcome Outcome
	// Confirmed is true if the section was read back; where others write too, after the time in which they could undo it.
	Confirmed bool
}

const (
	// postTimeout bounds Post where its context has no earlier deadline.
	postTimeout = 3 * time.Minute
	// window is how old a reading may become until an update made from it is answered.
	window = 2500 * time.Millisecond
	// settle is how long a shared comment must stay as it is until our section is sure to stay in it.
	settle = window + 500*time.Millisecond
	// fresh is how old a reading may be when an update made from it begins.
	fresh = 500 * time.Millisecond

	maxUpdates  = 40 // of one Post
	maxFailures = 6  // one after the other
	maxChecks   = 4  // readings that show our section while others keep writing
	maxUnseen   = 6  // readings without a comment that was created
	maxShrinks  = 6
)

// Post puts the section into the comment with that key and creates the comment if it is missing. It ends when that is done
// and confirmed, when the host denies it, or with ctx; in any case after 3 minutes. Posted is valid beside an error too:
// the comment may be there although an older one could not be hidden. If the token lacks a permission, that is a *DeniedError.
func Post(ctx context.Context, host Host, key Key, section Section, mode Mode) (Posted, error) {
	ctx, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	limit := host.Limit()
	p := &poster{host: host, key: key, mode: mode, limit: limit, window: window}
	p.draft = newDraft(section, longestSection(section, limit-len(key.marker())-bareNote-longestHeader))
	posted, err := p.converge(ctx)
	return posted, errors.Join(append(p.clearErrs, err)...)
}

// longestSection is how long a section may be in a comment with that much room. A cell of a matrix leaves some to the
// others from the beginning, so that the first need not be folded for the second.
func longestSection(s Section, room int) int {
	if s.Name != "" {
		return room / 4
	}
	return room
}

// longestHeader is more than the hidden lines of a section take, its short form included.
const longestHeader = 4096

// poster is one call of Post.
type poster struct {
	host   Host
	key    Key
	mode   Mode
	draft  draft
	limit  int
	window time.Duration

	posted    Posted
	written   time.Time // when the last create or update ended, with or without an error; zero: none was sent
	created   int64     // the comment that we created
	updates   int
	shrinks   int
	unseen    int
	checks    int           // readings since that showed our section
	body      string        // that the last of them showed
	since     time.Time     // when it had been read
	yielded   bool          // we waited for others since written
	skip      map[int64]int // how often a comment could not be hidden or deleted
	clearErrs []error       // about older comments, which do not stop the rest
}

// converge takes steps until nothing is left to do.
func (p *poster) converge(ctx context.Context) (Posted, error) {
	for {
		done, wait, err := p.advanceWithRetry(ctx)
		switch {
		case err != nil || done:
			return p.posted, err
		case wait <= 0 || retry.Wait(ctx, wait):
		case p.posted.Outcome != "": // written, but no time is left to confirm it
			return p.posted, nil
		default:
			return p.posted, fmt.Errorf("%w (%w)", errUnfinished, cmp.Or(context.Cause(ctx), context.DeadlineExceeded))
		}
	}
}

// advanceWithRetry takes one step and retries it while the error is temporary.
func (p *poster) advanceWithRetry(ctx context.Context) (done bool, wait time.Duration, err error) {
	failures := 0
	err = retry.Do(ctx, retry.Policy{
		Backoff: backoff(),
		Classify: func(_ int, err error) retry.Decision {
			if p.shrink(err) {
				return retry.After(0)
			}
			failures++
			return p.decide(failures, err)
		},
	}, func(ctx context.Context) (err error) {
		done, wait, err = p.advance(ctx)
		return err
	})
	return done, wait, err
}

// errUnfinished means that there was no time for the next step.
var errUnfinished = errors.New("post the comment: no time is left")

// advance reads and takes one step. It returns how long to wait before the next.
func (p *poster) advance(ctx context.Context) (done bool, wait time.Duration, err error) {
	seen, err := p.read(ctx)
	if err != nil {
		return false, 0, err
	}
	next := plan(seen, p.draft, p.mode, !p.written.IsZero())
	switch next.do {
	case nothing:
		done, wait = p.settled(next.target)
		return done, wait, nil
	case outdated:
		if p.posted.Outcome == "" {
			p.posted = Posted{URL: next.target.comment.URL, Outcome: Outdated, Confirmed: true}
		}
		return true, 0, nil
	case create:
		if p.created != 0 { // the host does not list yet what it created
			p.unseen++
			return p.unseen > maxUnseen, fresh, nil
		}
		return false, 0, p.create(ctx, next)
	case update:
		p.checks, p.body = 0, ""
		if p.updates > 0 && !p.yielded {
			p.yielded = true
			return false, backoff().Wait(p.updates), nil
		}
		return false, 0, p.update(ctx, next)
	default:
		return false, 0, p.clear(ctx, next)
	}
}

// settled reports whether the comment is confirmed, or how long to wait before it is read again.
func (p *poster) settled(target own) (bool, time.Duration) {
	if p.posted.Outcome == "" {
		p.posted.Outcome = Unchanged
	}
	p.posted.URL = target.comment.URL
	if p.written.IsZero() {
		p.posted.Confirmed = true
		return true, 0
	}
	alone := p.draft.part.Name == "" && len(target.parts) == 1
	quiet := target.comment.Body == p.body && target.at.Sub(p.since) >= settle
	if alone || quiet || p.checks == maxChecks {
		p.posted.Confirmed = true
		return true, 0
	}
	p.checks++
	p.body, p.since = target.comment.Body, time.Now()
	return false, settle + fresh/2 + rand.N(fresh/2)
}

func (p *poster) create(ctx context.Context, next step) error {
	body, err := fit(p.key, next.draft, nil, p.limit)
	if err != nil {
		return err
	}
	c, err := p.host.Create(ctx, body)
	p.written, p.yielded = time.Now(), false
	if err != nil {
		return err
	}
	p.created = c.ID
	p.posted.URL, p.posted.Outcome = c.URL, Created
	return nil
}

func (p *poster) update(ctx context.Context, next step) error {
	if p.updates >= maxUpdates {
		return fmt.Errorf("post the comment: other jobs changed it %d times while this one wrote", p.updates)
	}
	if time.Since(next.target.at) > fresh {
		if again, err := p.readPage(ctx, next.target.page); err != nil {
			return err
		} else if !unchanged(again, next.target) {
			return nil // read all again
		}
		next.target.at = time.Now().Add(-fresh)
	}
	body, err := fit(p.key, next.draft, next.others, p.limit)
	if err != nil {
		return err
	}
	p.updates++
	sending, cancel := context.WithDeadline(ctx, next.target.at.Add(p.window))
	defer cancel()
	err = p.host.Update(sending, next.target.comment.ID, body)
	p.written, p.yielded = time.Now(), false
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			p.window *= 2 // a host this slow needs it
		}
		return err
	}
	p.posted.URL = next.target.comment.URL
	if p.posted.Outcome == "" {
		p.posted.Outcome = Updated
	}
	return nil
}

// clear hides or deletes a comment. If that fails, the error is collected and the comment skipped.
func (p *poster) clear(ctx context.Context, next step) error {
	var err error
	c := next.target.comment
	if next.do == hide {
		err = p.host.Hide(ctx, c, retire(p.key, c.Body))
	} else {
		err = p.host.Delete(ctx, c.ID)
	}
	if isTemporary(err) || ctx.Err() != nil {
		return err
	}
	if p.skip == nil {
		p.skip = map[int64]int{}
	}
	p.skip[c.ID]++
	if err != nil && p.skip[c.ID] == 1 && !isStatus(err, http.StatusNotFound) { // another writer was faster
		p.skip[c.ID] = maxClear
		p.clearErrs = append(p.clearErrs, err)
	}
	return nil
}

// maxClear is how often a comment is hidden or deleted before it is skipped; a list may lag behind.
const maxClear = 3

// shrink makes the limit smaller if that may help against an error.
func (p *poster) shrink(err error) bool {
	if !errors.Is(err, ErrTooLong) || p.shrinks >= maxShrinks || p.limit <= 2*longestHeader {
		return false
	}
	p.shrinks++
	p.limit = p.limit * 3 / 4
	return true
}

// decide returns whether to retry after the error of a step, given the number of failures in a row.
func (p *poster) decide(failures int, err error) retry.Decision {
	if isStatus(err, http.StatusNotFound) && !p.written.IsZero() && failures <= 2 {
		return retry.After(fresh) // the comment was deleted between reading and writing; read again
	}
	u, ok := errors.AsType[*unavailableError](err)
	if !ok || failures >= maxFailures {
		return retry.Stop()
	}
	return retry.After(max(u.after, backoff().Wait(failures)))
}
