package settings

// awsSettings are those about AWS roles. Names and meaning are those of the standard action,
// https://github.com/aws-actions/configure-aws-credentials#options
func awsSettings() []Setting {
	return []Setting{
		{Name: "role-to-assume", Help: "AWS role for the job and the step, by OIDC if the CI system gives a token, else from existing AWS credentials"},
		{Name: "role-chaining", Kind: Switch, Default: "false", Help: "assume the role from existing AWS credentials, even if there is an OIDC token"},
		{Name: "role-session-name", Otherwise: "the CI system, such as `GitHubActions`, else `mlops-track`", Help: "name of the role session, as CloudTrail shows it"},
		{Name: "role-duration-seconds", Kind: Number, Default: "3600", Help: "duration of a role session, 900 to 43200; it is renewed as long as the job runs"},
		{Name: "role-external-id", Help: "external id for the role; not sent with an OIDC token"},
		{Name: "role-skip-session-tagging", Kind: Switch, Default: "false", Help: "do not set session tags from the CI context; with an OIDC token there are none"},
		{Name: "custom-tags", Kind: JSON, Help: "further session tags, a JSON object; with an OIDC token there are none"},
		{Name: "transitive-tag-keys", Kind: Lines, Help: "keys of session tags that later roles of a chain inherit, one per line"},
		{Name: "inline-session-policy", Kind: JSON, Help: "IAM policy that restricts the session"},
		{Name: "managed-session-policies", Kind: Lines, Help: "ARNs of managed policies that restrict the session, one per line"},
		{Name: "audience", Default: "sts.amazonaws.com", Help: "audience of the OIDC token that is requested from GitHub or Buildkite"},
		{Name: "aws-region", Ecosystem: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}, Help: "AWS region of the job and the step"},
		{Name: "aws-profile", Help: "profile in which the step finds the role's credentials, instead of in its default credentials; the user's files stay as they are"},
		{Name: "overwrite-aws-profile", Kind: Switch, Default: "false", Help: "let `aws-profile` replace a profile of the AWS configuration files for the step"},
		{Name: "source-profile", Help: "profile of the AWS configuration files with existing credentials: the role is assumed from them, or they are used"},
		{Name: "web-identity-token-file", Help: "file with the OIDC token, read again at each renewal"},
		{Name: "web-identity-token-env", Default: "MLOPS_ID_TOKEN", Help: "variable with the OIDC token, as GitLab's `id_tokens` sets it"},
		{Name: "allowed-account-ids", Kind: Lines, Help: "AWS accounts that the credentials may belong to, one per line or separated by commas"},
		{Name: "mask-aws-account-id", Kind: Switch, Default: "false", Help: "hide the account id in the log"},
		{Name: "sts-endpoint", Otherwise: "that of the region", Ecosystem: []string{"AWS_ENDPOINT_URL_STS"}, Help: "URL of the STS endpoint"},
		{Name: "http-proxy", Otherwise: "`HTTPS_PROXY`, `HTTP_PROXY`", Help: "proxy for the job's own requests to AWS"},
		{Name: "no-proxy", Otherwise: "`NO_PROXY`", Help: "hosts of AWS that are reached without the proxy, separated by commas"},
		{Name: "aws-credentials", Default: "refreshing", Choices: []string{"refreshing", "env", "none"}, Help: "how the step gets the role's credentials: `refreshing` from a local endpoint that renews them, `env` once as variables, `none` not at all"},
	}
}
