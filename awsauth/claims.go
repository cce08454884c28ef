package awsauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// Claims are those of an OIDC token. They are not verified: STS does that.
type Claims struct {
	Issuer    string    // iss
	Subject   string    // sub
	Audience  []string  // aud
	Expires   time.Time // exp; zero: missing
	IssuedAt  time.Time // iat; zero: missing
	NotBefore time.Time // nbf; zero: missing

	// GitHub's ids, which outlive names: repository_id, repository_owner_id.
	// https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims
	RepositoryID      string
	RepositoryOwnerID string
}

// ParseClaims decodes the claims of a JSON Web Token without verifying them. An error never contains the token.
//
// https://datatracker.ietf.org/doc/html/rfc7519
func ParseClaims(token string) (Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, fmt.Errorf("read the token's claims: it is not a JSON Web Token: it has %d parts, not 3", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Claims{}, errors.New("read the token's claims: its second part is not base64url")
	}
	var c struct {
		Iss               string `json:"iss"`
		Sub               string `json:"sub"`
		Aud               names  `json:"aud"`
		Exp               moment `json:"exp"`
		Iat               moment `json:"iat"`
		Nbf               moment `json:"nbf"`
		RepositoryID      id     `json:"repository_id"`
		RepositoryOwnerID id     `json:"repository_owner_id"`
	}
	if json.Unmarshal(text, &c) != nil { // its error may quote the token
		return Claims{}, errors.New("read the token's claims: its second part is not a JSON object of claims")
	}
	return Claims{
		Issuer: c.Iss, Subject: c.Sub, Audience: c.Aud,
		Expires: time.Time(c.Exp), IssuedAt: time.Time(c.Iat), NotBefore: time.Time(c.Nbf),
		RepositoryID: string(c.RepositoryID), RepositoryOwnerID: string(c.RepositoryOwnerID),
	}, nil
}

// String shows the three claims that a trust policy is about, one a line.
func (c Claims) String() string {
	return fmt.Sprintf("  iss: %s\n  sub: %s\n  aud: %s", c.Issuer, c.Subject, strings.Join(c.Audience, ", "))
}

// names is one string or several.
type names []string

func (n *names) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(n))
}

// moment is seconds since 1970, with or without a fraction.
type moment time.Time

func (m *moment) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil {
		return err
	}
	if math.Abs(seconds) < 1e12 && seconds != 0 {
		*m = moment(time.Unix(int64(seconds), 0))
	}
	return nil
}

// id is a number, as a number or as a string.
type id string

func (i *id) UnmarshalJSON(text []byte) error {
	*i = id(strings.Trim(string(text), `"`))
	return nil
}
