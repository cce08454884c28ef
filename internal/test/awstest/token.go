package awstest

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// leeway is what STS allows a token to come from the future.
const leeway = 5 * time.Minute

// claims are those that STS looks at.
type claims struct {
	Iss string `json:"iss"`
	Sub string `json:"sub"`
	Aud list   `json:"aud"`
	Exp int64  `json:"exp"`
	Iat int64  `json:"iat"`
	Nbf int64  `json:"nbf"`
}

// verify returns the claims of a token that this account takes.
func (s *STS) verify(ctx context.Context, token, account string) (claims, *refusal) {
	invalid := func(message string, args ...any) (claims, *refusal) {
		return claims{}, &refusal{400, "InvalidIdentityToken", fmt.Sprintf(message, args...)}
	}
	parts := strings.Split(token, ".")
	var header struct{ Alg, Kid string }
	var c claims
	if len(parts) != 3 || decode(parts[0], &header) != nil || decode(parts[1], &c) != nil {
		return invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	audiences, known := s.provider(account, c.Iss)
	if !known {
		return invalid("No OpenIDConnect provider found in your account for %s", c.Iss)
	}
	if !slices.ContainsFunc(c.Aud, func(aud string) bool { return slices.Contains(audiences, aud) }) {
		return invalid("Incorrect token audience")
	}
	key, err := fetchKey(ctx, c.Iss, header.Kid)
	if err != nil {
		return invalid("%s", KeysUnread().Message)
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || header.Alg != "RS256" || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
		return invalid("Couldn't verify the signature of the token")
	}
	now := s.now()
	switch {
	case c.Exp <= now.Unix():
		return claims{}, &refusal{400, "ExpiredTokenException", fmt.Sprintf(
			"Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), c.Exp)}
	case max(c.Nbf, c.Iat) > now.Add(leeway).Unix():
		return invalid("The token is not valid yet")
	}
	return c, nil
}

func decode(part string, v any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// fetchKey asks the issuer for its keys.
func fetchKey(ctx context.Context, issuer, kid string) (*rsa.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var discovery struct {
		JWKS string `json:"jwks_uri"`
	}
	if err := fetch(ctx, issuer+"/.well-known/openid-configuration", &discovery); err != nil {
		return nil, err
	}
	var set struct{ Keys []struct{ Kid, N, E string } }
	if err := fetch(ctx, discovery.JWKS, &set); err != nil {
		return nil, err
	}
	for _, k := range set.Keys {
		n, errN := base64.RawURLEncoding.DecodeString(k.N)
		e, errE := base64.RawURLEncoding.DecodeString(k.E)
		if k.Kid == kid && errN == nil && errE == nil {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
		}
	}
	return nil, fmt.Errorf("there is no key %q", kid)
}

func fetch(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %d", resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}
