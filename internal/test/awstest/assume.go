package awstest

import (
	"crypto/rand"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	roleARN     = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::(\d{12}):role/([\w+=,.@/-]+)$`)
	tagText     = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// wish is what both ways to assume a role ask for.
type wish struct {
	arn, session, policy string
	account, name        string
	duration             time.Duration
	tags                 map[string]string
	transitive           []string // keys
}

// parseWish checks the parameters before anything is looked up.
func parseWish(form url.Values) (wish, *refusal) {
	invalid := func(message string, args ...any) (wish, *refusal) {
		return wish{}, &refusal{400, "ValidationError", fmt.Sprintf(message, args...)}
	}
	w := wish{arn: form.Get("RoleArn"), session: form.Get("RoleSessionName"), policy: form.Get("Policy"), duration: time.Hour}
	match := roleARN.FindStringSubmatch(w.arn)
	if match == nil {
		return invalid("Request ARN is invalid")
	}
	w.account, w.name = match[2], match[3][strings.LastIndex(match[3], "/")+1:]
	if !sessionName.MatchString(w.session) {
		return invalid("1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: "+
			`Member must satisfy regular expression pattern: [\w+=,.@-]*`, w.session)
	}
	if text := form.Get("DurationSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		switch {
		case err != nil || seconds < 900:
			return invalid("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: "+
				"Member must have value greater than or equal to 900", text)
		case seconds > 43200:
			return invalid("1 validation error detected: Value '%s' at 'durationSeconds' failed to satisfy constraint: "+
				"Member must have value less than or equal to 43200", text)
		}
		w.duration = time.Duration(seconds) * time.Second
	}
	if w.policy != "" && !json.Valid([]byte(w.policy)) {
		return wish{}, &refusal{400, "MalformedPolicyDocument", "This policy contains invalid Json"}
	}
	if len(w.policy) > 2048 {
		return wish{}, &refusal{400, "PackedPolicyTooLarge", "Packed policy consumes 104% of allotted space, please use smaller policy."}
	}
	var no *refusal
	if w.tags, no = parseTags(form); no != nil {
		return w, no
	}
	for n := 1; form.Has(fmt.Sprintf("TransitiveTagKeys.member.%d", n)); n++ {
		key := form.Get(fmt.Sprintf("TransitiveTagKeys.member.%d", n))
		if _, sent := w.tags[key]; !sent {
			return invalid("The specified transitive tag key must be included in the requested tags.")
		}
		w.transitive = append(w.transitive, key)
	}
	return w, nil
}

func parseTags(form url.Values) (map[string]string, *refusal) {
	tags := map[string]string{}
	for n := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", n)); n++ {
		key, value := form.Get(fmt.Sprintf("Tags.member.%d.Key", n)), form.Get(fmt.Sprintf("Tags.member.%d.Value", n))
		if n > 50 || !tagText.MatchString(key) || !tagText.MatchString(value) || len([]rune(key)) > 128 || len([]rune(value)) > 256 {
			return nil, &refusal{400, "ValidationError", fmt.Sprintf("1 validation error detected: Value '%s' at 'tags.%d.member.value' "+
				`failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]*`, value, n)}
		}
		for other := range tags {
			if strings.EqualFold(other, key) {
				return nil, &refusal{400, "ValidationError", "Duplicate tag keys found. Please note that Tag keys are case insensitive."}
			}
		}
		tags[key] = value
	}
	return tags, nil
}

func (s *STS) role(arn string) (r Role, trust []statement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r = s.roles[arn]
	trust, err := parseTrust(r.Trust)
	if err != nil {
		return r, nil
	}
	return r, trust
}

func (s *STS) assumeWithToken(r *http.Request) (any, *refusal) {
	w, no := parseWish(r.PostForm)
	if no != nil {
		return nil, no
	}
	token, no := s.verify(r.Context(), r.PostForm.Get("WebIdentityToken"), w.account)
	if no != nil {
		return nil, no
	}
	host := hostOf(token.Iss)
	role, trust := s.role(w.arn)
	who := caller{
		kind:       "Federated",
		principals: []string{fmt.Sprintf("arn:%s:iam::%s:oidc-provider/%s", strings.Split(w.arn, ":")[1], w.account, host)},
		facts:      map[string][]string{host + ":aud": token.Aud, host + ":sub": {token.Sub}},
	}
	if !accepts(trust, "sts:AssumeRoleWithWebIdentity", who) {
		return nil, &refusal{403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	}
	if no := role.grants(w.duration); no != nil {
		return nil, no
	}
	return s.session(w, xml.Name{Local: "AssumeRoleWithWebIdentityResult"}), nil
}

func (s *STS) assume(r *http.Request) (any, *refusal) {
	key, no := s.authenticate(r)
	if no != nil {
		return nil, no
	}
	w, no := parseWish(r.PostForm)
	if no != nil {
		return nil, no
	}
	role, trust := s.role(w.arn)
	who := caller{kind: "AWS", principals: principals(key.ARN), facts: map[string][]string{}}
	if id := r.PostForm.Get("ExternalId"); id != "" {
		who.facts["sts:ExternalId"] = []string{id}
	}
	actions := []string{"sts:AssumeRole"}
	if len(w.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		if !accepts(trust, action, who) {
			return nil, &refusal{403, "AccessDenied", fmt.Sprintf("User: %s is not authorized to perform: %s on resource: %s", key.ARN, action, w.arn)}
		}
	}
	if no := s.inherit(&w, key); no != nil {
		return nil, no
	}
	if strings.Contains(key.ARN, ":assumed-role/") && w.duration > time.Hour {
		return nil, &refusal{400, "ValidationError",
			"The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."}
	}
	if no := role.grants(w.duration); no != nil {
		return nil, no
	}
	return s.session(w, xml.Name{Local: "AssumeRoleResult"}), nil
}

// inherit adds the tags that the calling session passes on, and checks the size of all.
//
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
func (s *STS) inherit(w *wish, from Key) *refusal {
	for _, key := range from.Transitive {
		for own := range w.tags {
			if strings.EqualFold(own, key) {
				return &refusal{400, "ValidationError", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key " +
					"from the calling session."}
			}
		}
		w.tags[key] = from.Tags[key]
		w.transitive = append(w.transitive, key)
	}
	size := 0
	for key, value := range w.tags {
		size += len(key) + len(value)
	}
	s.mu.Lock()
	space := s.tagSpace
	s.mu.Unlock()
	if space > 0 && size > space {
		return &refusal{400, "PackedPolicyTooLarge", fmt.Sprintf("Packed size of session tags consumes %d%% of allotted space.", size*100/space)}
	}
	return nil
}

// principals are the names by which a trust policy can mean a caller.
func principals(arn string) []string {
	parts := strings.Split(arn, ":")
	account, iam := parts[4], "arn:"+parts[1]+":iam::"+parts[4]
	names := []string{arn, account, iam + ":root"}
	if _, session, ok := strings.Cut(arn, ":assumed-role/"); ok {
		role, _, _ := strings.Cut(session, "/")
		names = append(names, iam+":role/"+role)
	}
	return names
}

func (r Role) grants(duration time.Duration) *refusal {
	if most := max(r.MaxDuration, time.Hour); duration > most {
		return &refusal{400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."}
	}
	return nil
}

type (
	credentials  struct{ AccessKeyId, SecretAccessKey, SessionToken, Expiration string } //nolint:revive // AWS's names
	assumedRole  struct{ Arn, AssumedRoleId string }                                     //nolint:revive // AWS's names
	assumeResult struct {
		XMLName         xml.Name
		Credentials     credentials
		AssumedRoleUser assumedRole
	}
)

// session makes keys for a role that was assumed.
func (s *STS) session(w wish, name xml.Name) assumeResult {
	s.mu.Lock()
	life := s.life
	s.mu.Unlock()
	if life == 0 {
		life = w.duration
	}
	arn := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", strings.Split(w.arn, ":")[1], w.account, w.name, w.session)
	k := s.add(Key{
		ID: "ASIA" + rand.Text()[:16], Token: "FwoG" + rand.Text() + rand.Text() + rand.Text() + rand.Text(),
		ARN: arn, Expires: s.now().Add(life), Tags: w.tags, Transitive: w.transitive, Policy: w.policy,
	})
	return assumeResult{
		XMLName:         name,
		Credentials:     credentials{k.ID, k.Secret, k.Token, k.Expires.UTC().Format(time.RFC3339)},
		AssumedRoleUser: assumedRole{Arn: arn, AssumedRoleId: "AROA" + k.ID[4:] + ":" + w.session},
	}
}
