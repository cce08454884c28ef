package awstest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// Issuer is an OIDC issuer: discovery, keys, and GitHub's way to ask for a token.
type Issuer struct {
	URL string // the iss of its tokens, too

	script // Fail and its kin are about the token endpoint
	memory // Count("token") is requests for tokens, Count("keys") is fetches of its keys
	key    *rsa.PrivateKey
	bearer string

	claimsMu sync.Mutex
	claims   map[string]any
	life     time.Duration
}

// NewIssuer starts an issuer with a key of its own until the test ends. Its tokens are those of a push to main of octo/train, and
// last 5 minutes.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	return startIssuer(t, newKey)
}

func newKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// sharedKey is that of the issuers of New: to make one takes longer than most tests.
var sharedKey = sync.OnceValues(newKey)

func startIssuer(t testing.TB, makeKey func() (*rsa.PrivateKey, error)) *Issuer {
	t.Helper()
	key, err := makeKey()
	if err != nil {
		t.Fatal(err)
	}
	i := &Issuer{key: key, life: 5 * time.Minute, claims: map[string]any{
		"sub": "repo:octo/train:ref:refs/heads/main", "repository": "octo/train", "repository_id": "74",
		"repository_owner": "octo", "repository_owner_id": "65", "ref": "refs/heads/main", "event_name": "push",
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keys)
	mux.HandleFunc("GET /token", i.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	i.bearer = i.sign(map[string]any{"exp": time.Now().Add(6 * time.Hour).Unix(), "scp": "Actions.GenerateIdToken"})
	return i
}

// GitHub are the variables with which a GitHub job asks this issuer for tokens, NAME=value.
func (i *Issuer) GitHub() []string {
	return []string{
		"GITHUB_ACTIONS=true",
		"ACTIONS_ID_TOKEN_REQUEST_URL=" + i.URL + "/token?api-version=2.0",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + i.bearer,
	}
}

// SetClaims adds claims to those of all tokens to come; nil takes one out.
func (i *Issuer) SetClaims(claims map[string]any) {
	i.claimsMu.Lock()
	defer i.claimsMu.Unlock()
	maps.Copy(i.claims, claims)
}

// SetLife sets how long tokens to come last.
func (i *Issuer) SetLife(life time.Duration) {
	i.claimsMu.Lock()
	defer i.claimsMu.Unlock()
	i.life = life
}

// Mint returns a token for the audience, with these claims beside the usual ones; nil takes one out.
func (i *Issuer) Mint(audience string, claims map[string]any) string {
	now := i.now()
	i.claimsMu.Lock()
	all := map[string]any{
		"iss": i.URL, "aud": audience, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(i.life).Unix(),
	}
	maps.Copy(all, i.claims)
	i.claimsMu.Unlock()
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return i.sign(all)
}

func (i *Issuer) sign(claims map[string]any) string {
	body := encoded(map[string]string{"alg": "RS256", "typ": "JWT", "kid": "1"}) + "." + encoded(claims)
	digest := sha256.Sum256([]byte(body))
	signature, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, digest[:])
	if err != nil {
		return "" // the key is fit for this hash
	}
	token := body + "." + base64.RawURLEncoding.EncodeToString(signature)
	i.keep(token)
	return token
}

func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "" // claims of tests are plain values
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answerJSON(w, map[string]any{
		"issuer": i.URL, "jwks_uri": i.URL + "/keys", "response_types_supported": []string{"id_token"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"authorization_endpoint": i.URL + "/unused", "token_endpoint": i.URL + "/unused", "scopes_supported": []string{"openid"},
		"claims_supported": []string{"sub", "aud", "exp", "iat", "nbf", "iss", "jti"},
	})
}

func (i *Issuer) keys(w http.ResponseWriter, _ *http.Request) {
	i.count("keys")
	answerJSON(w, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1",
		"n": base64.RawURLEncoding.EncodeToString(i.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(i.key.E)).Bytes()),
	}}})
}

// token is what ACTIONS_ID_TOKEN_REQUEST_URL leads to.
func (i *Issuer) token(w http.ResponseWriter, r *http.Request) {
	i.count("token")
	if fault, ok := i.next(); ok {
		fault.answer(w, r, func() { http.Error(w, fault.Message, fault.Status) })
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+i.bearer {
		http.Error(w, `{"message":"Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	audience := r.URL.Query().Get("audience")
	if audience == "" {
		audience = "https://github.com/octo"
	}
	answerJSON(w, map[string]any{"value": i.Mint(audience, nil), "count": 1})
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client went away
	}
}

// answer does what the fault says; give writes the answer where there is one.
func (f Fault) answer(w http.ResponseWriter, r *http.Request, give func()) {
	select {
	case <-time.After(f.After):
	case <-r.Context().Done():
		return
	}
	switch {
	case f.Hang:
		<-r.Context().Done()
	case f.Drop:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	default:
		give()
	}
}
