package awstest

import (
	"cmp"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// STS is AWS's Security Token Service.
type STS struct {
	URL string

	script // Fail and its kin
	memory // Count("AssumeRole") and so on

	mu        sync.Mutex
	providers map[string][]string // audiences by account and issuer
	roles     map[string]Role
	keys      map[string]Key
	life      time.Duration
	tagSpace  int
	unknown   map[string]int // how many requests are refused yet, by id of the key
	sent      []Asked
}

// Key is an access key that STS knows.
type Key struct {
	ID         string
	Secret     string
	Token      string // of a session; empty: a user's own key
	ARN        string // of the user, or of the session
	Expires    time.Time
	Tags       map[string]string // of the session
	Transitive []string          // keys of the tags that later sessions inherit
	Policy     string            // of the session
}

// Asked is what one call asked for.
type Asked struct {
	Action string
	Form   map[string]string // the parameters of the query protocol
	Auth   string            // id of the access key that signed it; empty: nobody did
	Agent  string            // User-Agent
}

// NewSTS starts an STS that knows nobody, until the test ends.
func NewSTS(t testing.TB) *STS {
	t.Helper()
	s := &STS{providers: map[string][]string{}, roles: map[string]Role{}, keys: map[string]Key{}, unknown: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// AddProvider makes the account take tokens of the issuer for these audiences.
func (s *STS) AddProvider(account string, issuer *Issuer, audiences ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.providers[account+" "+issuer.URL] = audiences
}

func (s *STS) provider(account, issuer string) (audiences []string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	audiences, known = s.providers[account+" "+issuer]
	return audiences, known
}

// SetRole adds a role or changes it. A trust policy that is no JSON accepts nobody.
func (s *STS) SetRole(r Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[r.ARN] = r
}

// SetLife makes keys to come last that long, whatever was asked for; 0: as asked.
func (s *STS) SetLife(life time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life = life
}

// SetTagSpace is how many bytes the session tags may have together; 0: any. AWS packs them in a way of its own.
func (s *STS) SetTagSpace(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tagSpace = bytes
}

// Forget makes a key unknown for that many requests, as new keys are until they are known everywhere. A negative number is for good.
func (s *STS) Forget(id string, requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown[id] = requests
}

// forgotten reports whether a key is not known yet, and counts the request.
func (s *STS) forgotten(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	left := s.unknown[id]
	if left > 0 {
		s.unknown[id]--
	}
	return left != 0
}

// AddUser makes a long-lived key for a user of the account.
func (s *STS) AddUser(account, name string) Key {
	return s.add(Key{ID: "AKIA" + rand.Text()[:16], ARN: fmt.Sprintf("arn:aws:iam::%s:user/%s", account, name)})
}

// add gives the key its secret and remembers it.
func (s *STS) add(k Key) Key {
	k.Secret = rand.Text() + rand.Text()[:14]
	s.keep(k.Secret)
	if k.Token != "" {
		s.keep(k.Token)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.ID] = k
	return k
}

// Lookup returns the key of that id, expired or not.
func (s *STS) Lookup(id string) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.keys[id]
	return k, ok
}

// Asked returns all calls, refused ones included, in their order.
func (s *STS) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Asked(nil), s.sent...)
}

// refusal is an error of STS.
type refusal struct {
	status        int
	code, message string
}

// ServeHTTP answers in the query protocol.
//
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
func (s *STS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if err := r.ParseForm(); err != nil {
		s.refuse(w, &refusal{400, "MalformedQueryString", "The query string is malformed"})
		return
	}
	action := r.PostForm.Get("Action")
	s.count(action)
	s.note(r, action)
	if fault, ok := s.next(); ok {
		fault.answer(w, r, func() {
			if fault.Code == "" {
				http.Error(w, fault.Message, fault.Status)
				return
			}
			s.refuse(w, &refusal{fault.Status, fault.Code, fault.Message})
		})
		return
	}
	var result any
	var no *refusal
	switch action {
	case "AssumeRoleWithWebIdentity":
		result, no = s.assumeWithToken(r)
	case "AssumeRole":
		result, no = s.assume(r)
	case "GetCallerIdentity":
		result, no = s.identity(r)
	default:
		no = &refusal{400, "InvalidAction", fmt.Sprintf("Could not find operation %s for version 2011-06-15", action)}
	}
	if no != nil {
		s.refuse(w, no)
		return
	}
	s.give(w, action, result)
}

func (s *STS) note(r *http.Request, action string) {
	form := map[string]string{}
	for name := range r.PostForm {
		form[name] = r.PostForm.Get(name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, Asked{Action: action, Form: form, Auth: signer(r), Agent: r.UserAgent()})
}

const namespace = "https://sts.amazonaws.com/doc/2011-06-15/"

func (s *STS) refuse(w http.ResponseWriter, no *refusal) {
	kind := "Sender"
	if no.status >= 500 {
		kind = "Receiver"
	}
	type fault struct{ Type, Code, Message string }
	id := requestID()
	answerXML(w, no.status, id, struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Space     string   `xml:"xmlns,attr"`
		Error     fault
		RequestID string `xml:"RequestId"`
	}{Space: namespace, Error: fault{kind, no.code, no.message}, RequestID: id})
}

func (s *STS) give(w http.ResponseWriter, action string, result any) {
	type metadata struct {
		RequestID string `xml:"RequestId"`
	}
	id := requestID()
	answerXML(w, http.StatusOK, id, struct {
		XMLName  xml.Name
		Space    string `xml:"xmlns,attr"`
		Result   any
		Metadata metadata `xml:"ResponseMetadata"`
	}{XMLName: xml.Name{Local: action + "Response"}, Space: namespace, Result: result, Metadata: metadata{id}})
}

// answerXML answers with an id in the header, as AWS does beside that in the body.
func answerXML(w http.ResponseWriter, status int, id string, v any) {
	text, err := xml.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("X-Amzn-RequestId", id)
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		return // the client went away
	}
}

func requestID() string {
	text := strings.ToLower(rand.Text())
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[14:26]
}

// signer returns the id of the access key that signed a request; empty: nobody did.
func signer(r *http.Request) string {
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	id, _, _ := strings.Cut(credential, "/")
	return id
}

// authenticate returns whose key signed a request. The signature itself is not checked.
func (s *STS) authenticate(r *http.Request) (Key, *refusal) {
	id := signer(r)
	if id == "" {
		return Key{}, &refusal{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	const format = "20060102T150405Z"
	signed, err := time.Parse(format, r.Header.Get("X-Amz-Date"))
	now := s.now().UTC()
	k, known := s.Lookup(id)
	switch {
	case err != nil:
		return Key{}, &refusal{400, "IncompleteSignature", "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."}
	case !known || s.forgotten(id) || k.Token != r.Header.Get("X-Amz-Security-Token"):
		return Key{}, &refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
	case signed.Before(now.Add(-leeway)):
		return Key{}, &refusal{403, "SignatureDoesNotMatch", fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			signed.Format(format), now.Add(-leeway).Format(format), now.Format(format))}
	case signed.After(now.Add(leeway)):
		return Key{}, &refusal{403, "SignatureDoesNotMatch", fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			signed.Format(format), now.Add(leeway).Format(format), now.Format(format))}
	case !k.Expires.IsZero() && !now.Before(k.Expires):
		return Key{}, &refusal{403, "ExpiredToken", "The security token included in the request is expired"}
	}
	return k, nil
}

func (s *STS) identity(r *http.Request) (any, *refusal) {
	k, no := s.authenticate(r)
	if no != nil {
		return nil, no
	}
	type result struct {
		XMLName xml.Name `xml:"GetCallerIdentityResult"`
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}
	return result{Arn: k.ARN, UserID: cmp.Or(k.ID, "AIDA"), Account: strings.Split(k.ARN, ":")[4]}, nil
}
