package settings

// awsSettings are those about AWS roles. Names and meaning are those of the standard action,
// https://github.com/aws-actions/configure-aws-credentials#options
func awsSettings() []Setting {
	return []Setting{
		{Name: "role-to-assume", Help: "AWS role for the job and the step, by OIDC where the CI system gives a token, else from existing AWS credentials"},
		{Name: "role-chaining", Kind: Switch, Default: "false", Help: "assume the role from existing AWS credentials, even where there is an OIDC token"},
		{Name: "role-session-name", Otherwise: "`GitHubActions`, `GitLabCI`, else `mlops-track`", Help: "name of the role session, seen in CloudTrail"},
		{Name: "role-duration-seconds", Kind: Number, Default: "3600", Help: "length of a role session, 900 to 43200; it is renewed as long as the job lives"},
		{Name: "role-external-id", Help: "external id of the role; not with OIDC"},
		{Name: "role-skip-session-tagging", Kind: Switch, Default: "false", Help: "no session tags from the CI context; OIDC never has any"},
		{Name: "inline-session-policy", Kind: JSON, Help: "IAM policy that narrows the session"},
		{Name: "managed-session-policies", Kind: Lines, Help: "ARNs of managed policies that narrow the session, one a line"},
		{Name: "audience", Default: "sts.amazonaws.com", Help: "audience of GitHub's OIDC token"},
		{Name: "aws-region", Ecosystem: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}, Help: "AWS region of the job and the step"},
		{Name: "aws-profile", Help: "profile of the AWS configuration files from which the role is assumed, or whose credentials are used"},
		{Name: "web-identity-token-file", Help: "file with the OIDC token, read again at each renewal"},
		{Name: "web-identity-token-env", Default: "MLOPS_ID_TOKEN", Help: "variable with the OIDC token, as GitLab's `id_tokens` sets it"},
		{Name: "allowed-account-ids", Kind: Lines, Help: "AWS accounts that the credentials may belong to, one a line or separated by commas"},
		{Name: "mask-aws-account-id", Kind: Switch, Default: "false", Help: "hide the account id in the job's log"},
		{Name: "sts-endpoint", Ecosystem: []string{"AWS_ENDPOINT_URL_STS"}, Help: "address of STS; by default that of the region"},
		{Name: "aws-credentials", Default: "refreshing", Choices: []string{"refreshing", "env", "none"}, Help: "how the step gets the role's credentials: `refreshing` by a local endpoint that renews them, `env` once, `none`"},
	}
}
