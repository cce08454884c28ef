package awsauth_test

import (
	"encoding/base64"
	"fmt"

	"github.com/Iyalvan/mlops-track/awsauth"
)

func ExampleSessionName() {
	fmt.Println(awsauth.SessionName("acme/model train #7"))
	// Output:
	// acme-model-train-7
}

func ExampleParseClaims() {
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{
		"iss": "https://token.actions.githubusercontent.com", "sub": "repo:acme/model:ref:refs/heads/main", "aud": "sts.amazonaws.com"
	}`))
	claims, err := awsauth.ParseClaims("e30." + payload + ".c2ln")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(claims.Subject, "for", claims.Audience)
	// Output:
	// repo:acme/model:ref:refs/heads/main for [sts.amazonaws.com]
}

func ExampleGitHubTags() {
	for _, tag := range awsauth.GitHubTags(awsauth.Job{Repository: "acme/model", Workflow: "train", Ref: "refs/heads/main"}) {
		fmt.Println(tag.Key, tag.Value)
	}
	// Output:
	// GitHub Actions
	// Repository acme/model
	// Workflow train
	// Branch refs/heads/main
}
