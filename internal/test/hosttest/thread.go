package hosttest

import (
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// Comment is a comment or note as the host holds it.
type Comment struct {
	ID        int64
	Author    string
	Body      string
	Minimized bool
	System    bool // GitLab wrote it under that name
	Created   time.Time
	Updated   time.Time
}

// stored is a comment with what it was before.
type stored struct {
	Comment
	versions []version
}

type version struct {
	at   time.Time
	body string
	gone bool
}

// thread is the comments of all pull requests of a host.
type thread struct {
	mu       sync.Mutex
	last     int64
	comments map[int][]*stored // by pull request
}

func (t *thread) add(number int, author, body string, system bool) Comment {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.comments == nil {
		t.comments = map[int][]*stored{}
	}
	t.last++
	now := time.Now()
	c := &stored{
		Comment:  Comment{ID: 1000 + t.last, Author: author, Body: body, System: system, Created: now, Updated: now},
		versions: []version{{at: now, body: body}},
	}
	t.comments[number] = append(t.comments[number], c)
	return c.Comment
}

// find returns a comment that was not deleted.
func (t *thread) find(id int64) (c *stored, number int) {
	for number, list := range t.comments {
		for _, c := range list {
			if c.ID == id && !c.versions[len(c.versions)-1].gone {
				return c, number
			}
		}
	}
	return nil, 0
}

func (t *thread) change(id int64, edit func(*stored)) (Comment, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, _ := t.find(id)
	if c == nil {
		return Comment{}, false
	}
	edit(c)
	return c.Comment, true
}

func (t *thread) get(id int64) (Comment, int, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, number := t.find(id)
	if c == nil {
		return Comment{}, 0, false
	}
	return c.Comment, number, true
}

func (t *thread) setBody(id int64, body string) (Comment, bool) {
	return t.change(id, func(c *stored) {
		c.Body, c.Updated = body, time.Now()
		c.versions = append(c.versions, version{at: c.Updated, body: body})
	})
}

func (t *thread) remove(id int64) bool {
	_, ok := t.change(id, func(c *stored) { c.versions = append(c.versions, version{at: time.Now(), gone: true}) })
	return ok
}

// list returns the comments as they were then.
func (t *thread) list(number int, then time.Time) []Comment {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Comment
	for _, c := range t.comments[number] {
		at := -1
		for i, v := range c.versions {
			if !v.at.After(then) {
				at = i
			}
		}
		if at < 0 || c.versions[at].gone {
			continue
		}
		seen := c.Comment
		seen.Body = c.versions[at].body
		out = append(out, seen)
	}
	return out
}

// Comments returns all comments of a pull or merge request, oldest first.
func (t *thread) Comments(number int) []Comment { return t.list(number, time.Now()) }

// AddComment lets somebody comment.
func (t *thread) AddComment(number int, author, body string) int64 {
	return t.add(number, author, body, false).ID
}

// pageOf cuts a page out of a list, and returns the numbers of the next and the last.
func pageOf[T any](all []T, page, size int) (part []T, next, last int) {
	chunks := slices.Collect(slices.Chunk(all, size))
	last = max(len(chunks), 1)
	if page < last {
		next = page + 1
	}
	if page <= len(chunks) {
		part = chunks[page-1]
	}
	return part, next, last
}

func characters(text string) int { return utf8.RuneCountInString(text) }

// Request is a pull or merge request.
type Request struct {
	Head   string
	Branch string // its source
	Closed bool
	Fork   bool
	Locked bool
}

// Account is who a token stands for.
type Account struct {
	Login    string
	ReadOnly bool
	NoPulls  bool // it may not read pull requests
	App      bool // a token of an app or a workflow: GitHub tells it its login in GraphQL only
	Job      bool // GitLab's CI_JOB_TOKEN
}

// desk is what both hosts know beside comments.
type desk struct {
	mu       sync.Mutex
	accounts map[string]Account
	requests map[int]Request
	logins   []string
}

// SetToken says who a token stands for.
func (d *desk) SetToken(token string, a Account) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.accounts == nil {
		d.accounts = map[string]Account{}
	}
	d.accounts[token] = a
}

// SetRequest opens a pull or merge request, or changes it.
func (d *desk) SetRequest(number int, r Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.requests == nil {
		d.requests = map[int]Request{}
	}
	d.requests[number] = r
}

func (d *desk) account(token string) (Account, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.accounts[token]
	return a, ok
}

func (d *desk) request(number int) (Request, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.requests[number]
	return r, ok
}

// from returns the numbers of the open requests from a branch, the newest first.
func (d *desk) from(branch string) []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	var numbers []int
	for number, r := range d.requests {
		if r.Branch == branch && !r.Closed {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	slices.Reverse(numbers)
	return numbers
}

// userID gives each login a number.
func (d *desk) userID(login string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := slices.Index(d.logins, login)
	if at < 0 {
		d.logins = append(d.logins, login)
		at = len(d.logins) - 1
	}
	return int64(at) + 1
}
