package rest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

func tlsConfig(opts TLS) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if opts.Insecure {
		if opts.CACertPath != "" {
			return nil, errors.New("MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set; unset one")
		}
		config.InsecureSkipVerify = true //nolint:gosec // what the user asked for
	}
	if opts.CACertPath != "" {
		pem, err := os.ReadFile(opts.CACertPath)
		if err != nil {
			return nil, fmt.Errorf("read the authority's certificate (MLFLOW_TRACKING_SERVER_CERT_PATH): %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("MLFLOW_TRACKING_SERVER_CERT_PATH: %q contains no PEM certificate", opts.CACertPath)
		}
	}
	if opts.ClientCertPath != "" {
		pair, err := tls.LoadX509KeyPair(opts.ClientCertPath, opts.ClientCertPath)
		if err != nil {
			return nil, fmt.Errorf("MLFLOW_TRACKING_CLIENT_CERT_PATH: %q must be one PEM file with certificate and key: %w",
				opts.ClientCertPath, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}
