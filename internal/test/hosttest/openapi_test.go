package hosttest

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestsAreChecked(t *testing.T) {
	t.Parallel()
	d, err := describe()
	if err != nil {
		t.Fatal(err)
	}
	for request, conforms := range map[string]bool{
		`GET /repos/a/b/issues/7/comments?per_page=100&page=2 `: true,
		`GET /repos/a/b/issues/7/comments?per_page=lots `:       false,
		`GET /repos/a/b/issues/seven/comments `:                 false,
		`POST /repos/a/b/issues/7/comments {"body":"x"}`:        true,
		`POST /repos/a/b/issues/7/comments {"text":"x"}`:        false,
		`POST /repos/a/b/issues/7/comments {"body":1}`:          false,
		`PATCH /repos/a/b/issues/comments/3 {"body":"x"}`:       true,
		`PUT /repos/a/b/issues/comments/3 {"body":"x"}`:         false,
		`DELETE /repos/a/b/issues/comments/3 `:                  true,
		`GET /repos/a/b/pulls/7 `:                               true,
		`GET /repos/a/b/pulls?state=open&head=a:x `:             true,
		`GET /repos/a/b/pulls?state=opened `:                    false,
		`GET /user `:                                            true,
		`GET /repos/a/b/nowhere `:                               false,
	} {
		parts := strings.SplitN(request, " ", 3)
		r := httptest.NewRequestWithContext(t.Context(), parts[0], parts[1], strings.NewReader(parts[2]))
		r.Header.Set("Content-Type", "application/json")
		if err := d.check(r); (err == nil) != conforms {
			t.Errorf("%s: %v", request, err)
		}
	}
}
