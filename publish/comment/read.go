package comment

import (
	"context"
	"slices"
	"time"
)

// maxPages bounds the reading of a very long conversation.
const maxPages = 500

// read returns all own comments with the key, oldest first. Those that could not be hidden or deleted are left out.
func (p *poster) read(ctx context.Context) ([]own, error) {
	var seen []own
	for page := 1; page > 0 && page <= maxPages; {
		began := time.Now()
		got, err := p.host.List(ctx, page)
		if err != nil {
			return nil, err
		}
		seen = append(seen, p.ours(got, page, began)...)
		page = got.Next
	}
	slices.SortFunc(seen, func(a, b own) int { return int(min(max(a.comment.ID-b.comment.ID, -1), 1)) })
	seen = slices.CompactFunc(seen, func(a, b own) bool { return a.comment.ID == b.comment.ID }) // a page may shift while the next is read
	return slices.DeleteFunc(seen, func(o own) bool { return p.skip[o.comment.ID] >= maxClear }), nil
}

func (p *poster) readPage(ctx context.Context, page int) ([]own, error) {
	began := time.Now()
	got, err := p.host.List(ctx, page)
	if err != nil {
		return nil, err
	}
	return p.ours(got, page, began), nil
}

func (p *poster) ours(got Page, page int, at time.Time) []own {
	var out []own
	for _, c := range got.Comments {
		if parts, ok := parseBody(p.key, c.Body); ok {
			out = append(out, own{comment: c, parts: parts, page: page, at: at})
		}
	}
	return out
}

// unchanged reports whether the comment still stands there as it was.
func unchanged(seen []own, target own) bool {
	return slices.ContainsFunc(seen, func(o own) bool { return o.comment.ID == target.comment.ID && o.comment.Body == target.comment.Body })
}
