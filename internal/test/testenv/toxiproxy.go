package testenv

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Link is a way to a server that can be made slow or broken.
type Link struct {
	URL string // takes the place of the server's

	t   testing.TB
	api string
}

var toxiproxy struct {
	sync.Mutex
	url string
}

// Toxiproxy returns a link to the server at a URL. It ends with the test.
func Toxiproxy(t testing.TB, server string) *Link {
	t.Helper()
	needs(t, "Toxiproxy")
	toxiproxy.Lock()
	defer toxiproxy.Unlock()
	if toxiproxy.url == "" {
		host, port, _ := strings.Cut(freeAddress(t), ":")
		toxiproxy.url = launch(t, command{
			name: "Toxiproxy", folder: temporaryFolder(t), path: tool(t, "toxiproxy"), args: []string{"-host", host, "-port", port},
			url: "http://" + host + ":" + port, health: "/version",
		}).url
	}
	upstream, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	name, address := strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())+fmt.Sprint(time.Now().UnixNano()), freeAddress(t)
	l := &Link{URL: "http://" + address, t: t, api: toxiproxy.url + "/proxies"}
	l.call(http.MethodPost, map[string]any{"name": name, "listen": address, "upstream": upstream.Host, "enabled": true})
	l.api += "/" + url.PathEscape(name)
	t.Cleanup(func() { l.call(http.MethodDelete, nil) })
	return l
}

// SetLatency makes every answer later.
func (l *Link) SetLatency(latency time.Duration) {
	l.t.Helper()
	l.Spoil("latency", map[string]any{"latency": latency.Milliseconds()})
}

// SetUp says whether connections are taken; those that are open end when it is not.
func (l *Link) SetUp(up bool) {
	l.t.Helper()
	l.call(http.MethodPost, map[string]any{"enabled": up})
}

// Spoil adds a toxic, see https://github.com/Shopify/toxiproxy#toxics.
func (l *Link) Spoil(toxic string, attributes map[string]any) {
	l.t.Helper()
	at := *l
	at.api += "/toxics"
	at.call(http.MethodPost, map[string]any{"type": toxic, "attributes": attributes})
}

func (l *Link) call(method string, body any) {
	l.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		l.t.Fatal(err)
	}
	req, err := http.NewRequest(method, l.api, bytes.NewReader(text))
	if err != nil {
		l.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		l.t.Fatalf("%s %s: %s", method, l.api, resp.Status)
	}
}
