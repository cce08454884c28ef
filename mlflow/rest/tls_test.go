package rest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Iyalvan/mlops-track/internal/test/mlflowtest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// authority signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	cert := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, key, nil, key)
	return authority{cert, key}
}

// issue returns a certificate for a server on this machine and for a client.
func (a authority) issue(t *testing.T) tls.Certificate {
	t.Helper()
	key := newKey(t)
	cert := sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, key, a.cert, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t *testing.T, template *x509.Certificate, key *ecdsa.PrivateKey, by *x509.Certificate, with *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	if by == nil {
		by = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, with)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// pemFile writes a certificate, and the key if there is one, into one file.
func pemFile(t *testing.T, cert []byte, key any) string {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	name := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// secure puts TLS before a real server.
func secure(t *testing.T, config *tls.Config) string {
	t.Helper()
	s := httptest.NewUnstartedServer(mlflowtest.Handler(t, testenv.Server(t, 3)))
	s.TLS, s.Config.ErrorLog = config, log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	caFile, clientFile := pemFile(t, ca.cert.Raw, nil), ""
	issued := ca.issue(t)
	clientFile = pemFile(t, issued.Certificate[0], issued.PrivateKey)
	plain := secure(t, &tls.Config{Certificates: []tls.Certificate{ca.issue(t)}})
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	mutual := secure(t, &tls.Config{
		Certificates: []tls.Certificate{ca.issue(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
	})
	for name, c := range map[string]struct {
		uri    string
		change func(*rest.Options)
		fix    string // empty: it works
	}{
		"authority":             {plain, func(o *rest.Options) { o.TLS.CACertPath = caFile }, ""},
		"insecure":              {plain, func(o *rest.Options) { o.TLS.Insecure = true }, ""},
		"client certificate":    {mutual, func(o *rest.Options) { o.TLS.CACertPath, o.TLS.ClientCertPath = caFile, clientFile }, ""},
		"unknown authority":     {plain, func(*rest.Options) {}, "MLFLOW_TRACKING_SERVER_CERT_PATH"},
		"another name":          {strings.Replace(plain, "127.0.0.1", "localhost", 1), func(o *rest.Options) { o.TLS.CACertPath = caFile }, "MLFLOW_TRACKING_SERVER_CERT_PATH"},
		"no client certificate": {mutual, func(o *rest.Options) { o.TLS.CACertPath = caFile }, "MLFLOW_TRACKING_CLIENT_CERT_PATH"},
		"https to plain":        {strings.Replace(testenv.Server(t, 3), "http:", "https:", 1), func(*rest.Options) {}, "use http://"},
		"http to TLS":           {strings.Replace(plain, "https:", "http:", 1), func(*rest.Options) {}, "use https://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := client(t, c.uri, c.change).EnsureExperiment(ctx, "Default")
			switch {
			case c.fix == "" && err != nil:
				t.Error(err)
			case c.fix != "":
				status := 0
				if name == "http to TLS" {
					status = 400
				}
				refusedWith(t, err, status, "", c.fix)
			}
		})
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	certOnly := pemFile(t, ca.cert.Raw, nil)
	for words, opts := range map[string]rest.Options{
		"must have the form http://host":   {URI: "ftp://ci:s3cret@host"},
		"query":                            {URI: "http://host/?token=s3cret"},
		"both set":                         {URI: "https://host", TLS: rest.TLS{Insecure: true, CACertPath: certOnly}},
		"MLFLOW_TRACKING_SERVER_CERT_PATH": {URI: "https://host", TLS: rest.TLS{CACertPath: "/none.pem"}},
		"contains no PEM certificate":      {URI: "https://host", TLS: rest.TLS{CACertPath: "tls_test.go"}},
		"MLFLOW_TRACKING_CLIENT_CERT_PATH": {URI: "https://host", TLS: rest.TLS{ClientCertPath: certOnly}},
	} {
		_, err := rest.New(opts)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%+v: %v, want %q", opts, err, words)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	c := client(t, "https://ci:s3cret@mlflow.example.com:8443/ml/flow//")
	if got, want := c.RunURL("7", "abc"), "https://mlflow.example.com:8443/ml/flow/#/experiments/7/runs/abc"; got != want {
		t.Errorf("run page is %s, want %s", got, want)
	}
	for location, want := range map[string]string{
		"mlflow-artifacts:/7/abc/artifacts":                                            "https://mlflow.example.com:8443/ml/flow/api/2.0/mlflow-artifacts 7/abc/artifacts",
		"mlflow-artifacts://other:5000/7/abc/artifacts":                                "https://other:5000/ml/flow/api/2.0/mlflow-artifacts 7/abc/artifacts",
		"mlflow-artifacts:/workspaces/team/7/abc/artifacts":                            "https://mlflow.example.com:8443/ml/flow/api/2.0/mlflow-artifacts workspaces/team/7/abc/artifacts",
		"http://files:80/x/api/2.0/mlflow-artifacts/artifacts/experiments/7/artifacts": "http://files:80/x/api/2.0/mlflow-artifacts experiments/7/artifacts",
		"http://files/elsewhere":                                                       "",
		"s3://bucket/7":                                                                "",
	} {
		got := ""
		if service, folder, ok := c.ArtifactService(location); ok {
			got = service.String() + " " + folder
		}
		if got != want {
			t.Errorf("%s is at %q, want %q", location, got, want)
		}
	}
}
