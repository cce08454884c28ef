package awsauth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	loopbackAddress = "127.0.0.1"
	credentialsPath = "/credentials"

	// assumedLifetime is sent for keys that do not expire: botocore accepts none without an expiry, and requests new ones in time.
	assumedLifetime = time.Hour
)

// Endpoint serves credentials on the loopback address, in the protocol by which containers get them from AWS.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
type Endpoint struct {
	URL       string // for AWS_CONTAINER_CREDENTIALS_FULL_URI
	TokenFile string // for AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, mode 0600

	server *http.Server
	ended  chan error
}

// Serve starts an endpoint and writes its token to dir, a folder that only this user can enter. secret is called with the
// token; it may be nil.
func Serve(dir string, from aws.CredentialsProvider, secret func(string)) (*Endpoint, error) {
	token, err := newToken()
	if err != nil {
		return nil, err
	}
	if secret != nil {
		secret(token)
	}
	e := &Endpoint{TokenFile: filepath.Join(dir, "aws-token"), ended: make(chan error, 1)}
	if err := writePrivate(e.TokenFile, []byte(token)); err != nil {
		return nil, fmt.Errorf("write the token of the credentials endpoint: %w", err)
	}
	var listen net.ListenConfig
	listener, err := listen.Listen(context.Background(), "tcp", net.JoinHostPort(loopbackAddress, "0"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for the credentials endpoint: %w", err), os.Remove(e.TokenFile))
	}
	e.URL = "http://" + listener.Addr().String() + credentialsPath
	e.server = &http.Server{
		Handler:           handler{token: token, from: from},
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      renewTimeout + 10*time.Second, // a request may wait for an attempt to renew
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	go func() { e.ended <- e.server.Serve(listener) }()
	return e, nil
}

// Close stops the endpoint and removes its token.
func (e *Endpoint) Close() error {
	err := e.server.Close()
	if cause := <-e.ended; !errors.Is(cause, http.ErrServerClosed) {
		err = errors.Join(err, cause)
	}
	e.ended <- http.ErrServerClosed // for a second Close
	if gone := os.Remove(e.TokenFile); !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

// newToken returns a token of 256 bits. It has no line end, which SDKs would send too.
func newToken() (string, error) {
	var bits [32]byte
	if _, err := rand.Read(bits[:]); err != nil {
		return "", fmt.Errorf("make the token of the credentials endpoint: %w", err)
	}
	return hex.EncodeToString(bits[:]), nil
}

// writePrivate writes a file that only this user can read, and creates its folder if it is missing.
func writePrivate(name string, text []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// handler serves the credentials to clients that send the token.
type handler struct {
	token string
	from  aws.CredentialsProvider
}

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch given := r.Header.Get("Authorization"); {
	case !loopback(r.Host): // a name that an attacker's DNS points here: https://en.wikipedia.org/wiki/DNS_rebinding
		refuse(w, http.StatusForbidden, "ForbiddenHost", "use the loopback address")
	case subtle.ConstantTimeCompare([]byte(given), []byte(h.token)) != 1:
		refuse(w, http.StatusForbidden, "InvalidToken", "the Authorization header must be the content of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
	case r.URL.Path != credentialsPath:
		refuse(w, http.StatusNotFound, "NotFound", "credentials are at "+credentialsPath)
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "use GET")
	default:
		h.serveCredentials(w, r)
	}
}

func (h handler) serveCredentials(w http.ResponseWriter, r *http.Request) {
	creds, err := h.from.Retrieve(r.Context())
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "NoCredentials", err.Error())
		return
	}
	if !creds.CanExpire {
		creds.Expires = time.Now().Add(assumedLifetime)
	}
	answer(w, http.StatusOK, struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string // empty for keys without; botocore accepts no answer that lacks it
		Expiration      string
		AccountID       string `json:"AccountId,omitempty"`
	}{creds.AccessKeyID, creds.SecretAccessKey, creds.SessionToken, creds.Expires.UTC().Format(time.RFC3339), creds.AccountID})
}

// refuse answers in the form that SDKs show: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{code, message})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have disconnected
}

// loopback reports whether the host of a request, which may have a port, is this machine by address or as localhost.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
