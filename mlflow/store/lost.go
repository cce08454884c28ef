package store

import "context"

// CloseLost closes the runs of an embedded store whose tracker is gone; gone decides from the tags of a run, and is false where that cannot be
// known. It returns their ids.
func (o *Opened) CloseLost(ctx context.Context, gone func(tags map[string]string) bool) ([]string, error) {
	if o.closeLost == nil {
		return nil, nil
	}
	return o.closeLost(ctx, gone)
}
