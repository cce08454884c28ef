package rest_test

import (
	"testing"

	"github.com/Iyalvan/mlops-track/internal/test/storetest"
	"github.com/Iyalvan/mlops-track/internal/test/testenv"
	"github.com/Iyalvan/mlops-track/mlflow"
	"github.com/Iyalvan/mlops-track/mlflow/rest"
)

// client returns a client of a server, with further options.
func client(t *testing.T, uri string, change ...func(*rest.Options)) *rest.Client {
	t.Helper()
	opts := rest.Options{URI: uri, UserAgent: "mlops-track/test"}
	for _, c := range change {
		c(&opts)
	}
	c, err := rest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestStoreOnMLflow3(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) mlflow.Store { return client(t, testenv.Server(t, 3)) })
}

func TestStoreOnMLflow2(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) mlflow.Store { return client(t, testenv.Server(t, 2)) })
}
