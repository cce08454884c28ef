package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// maxServedCredentials bounds the answer of our own endpoint, in bytes.
const maxServedCredentials = 64 << 10

// awsCredentialsCommand is what a profile of the step names as credential_process: it asks the endpoint of the job.
//
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
func (a *app) awsCredentialsCommand() *cobra.Command {
	var url, tokenFile string
	cmd := &cobra.Command{
		Use:    "aws-credentials --url URL --token-file FILE",
		Short:  "Print the credentials of the job's role for an AWS client",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			answer, err := servedCredentials(cmd.Context(), url, tokenFile)
			if err != nil {
				return fmt.Errorf("get the credentials of the job's role: %w", err)
			}
			return json.NewEncoder(a.Stdout).Encode(answer)
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "address of the endpoint")
	cmd.Flags().StringVar(&tokenFile, "token-file", "", "file with its token")
	return cmd
}

// processCredentials is what AWS clients read from a credential_process.
type processCredentials struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
}

// servedCredentials asks the endpoint, without any proxy.
func servedCredentials(ctx context.Context, url, tokenFile string) (processCredentials, error) {
	out := processCredentials{Version: 1}
	token, err := os.ReadFile(tokenFile)
	if err != nil {
		return out, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return out, err
	}
	request.Header.Set("Authorization", strings.TrimSpace(string(token)))
	response, err := (&http.Client{Transport: &http.Transport{}}).Do(request)
	if err != nil {
		return out, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxServedCredentials))
	if err != nil {
		return out, err
	}
	if response.StatusCode != http.StatusOK {
		return out, fmt.Errorf("status %d: %s", response.StatusCode, strings.TrimSpace(string(body)))
	}
	var served struct{ Token string }
	if err := json.Unmarshal(body, &out); err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &served); err != nil {
		return out, err
	}
	out.SessionToken = served.Token
	return out, nil
}
