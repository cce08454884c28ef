package hosttest

import (
	_ "embed"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed testdata/github-openapi.json
var githubDescription []byte

// description is what requests must conform to.
type description struct{ router routers.Router }

func describe() (description, error) {
	doc, err := openapi3.NewLoader().LoadFromData(githubDescription)
	if err != nil {
		return description{}, err
	}
	doc.Servers = nil // match on the path alone
	router, err := gorillamux.NewRouter(doc)
	return description{router}, err
}

// check returns why a request, whose path has no prefix, does not conform.
func (d description) check(r *http.Request) error {
	route, parameters, err := d.router.FindRoute(r)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
}
