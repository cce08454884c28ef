package awsauth

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// partition is one of AWS's partitions, which share nothing with each other.
type partition struct {
	name    string
	prefix  string // of its regions
	region  string // of STS if no region is configured
	console string // its name for people
}

// partitions lists those that have regions with a prefix of their own; all other regions are in the first one.
//
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
func partitions() []partition {
	return []partition{
		{"aws", "", "us-east-1", "AWS"},
		{"aws-cn", "cn-", "cn-north-1", "AWS China"},
		{"aws-us-gov", "us-gov-", "us-gov-west-1", "AWS GovCloud (US)"},
		{"aws-eusc", "eusc-", "eusc-de-east-1", "AWS European Sovereign Cloud"},
		{"aws-iso", "us-iso-", "us-iso-east-1", "AWS Secret"},
		{"aws-iso-b", "us-isob-", "us-isob-east-1", "AWS Secret B"},
		{"aws-iso-e", "eu-isoe-", "eu-isoe-west-1", "AWS Secret E"},
		{"aws-iso-f", "us-isof-", "us-isof-south-1", "AWS Secret F"},
	}
}

// partitionNamed returns AWS's partition of that name; other STS servers have names of their own.
func partitionNamed(name string) (partition, bool) {
	for _, p := range partitions() {
		if p.name == name {
			return p, true
		}
	}
	return partition{}, false
}

// partitionOf returns the partition of a region.
func partitionOf(region string) partition {
	for _, p := range partitions()[1:] {
		if strings.HasPrefix(region, p.prefix) {
			return p
		}
	}
	return partitions()[0]
}

// role is a role's ARN in parts, or only its name.
type role struct {
	partition string // empty, as the account: only the name is known
	account   string
	name      string // with its path
}

var (
	rolePattern    = regexp.MustCompile(`^[\w+=,.@/-]+$`)
	accountPattern = regexp.MustCompile(`^\d{12}$`)
)

// parseRole parses the ARN of a role or its name. The ARN may be of another STS server, as arn:minio:iam:us-east-1::role/NAME.
func parseRole(text string) (role, error) {
	if !strings.HasPrefix(text, "arn:") {
		if !rolePattern.MatchString(text) {
			return role{}, fmt.Errorf("role %q is neither an ARN (arn:aws:iam::123456789012:role/NAME) nor the name of a role", text)
		}
		return role{name: text}, nil
	}
	parsed, err := arn.Parse(text)
	name, isRole := strings.CutPrefix(parsed.Resource, "role/")
	known, isAWS := partitionNamed(parsed.Partition)
	isAWS = isAWS || strings.HasPrefix(parsed.Partition, "aws")
	switch {
	case err != nil || parsed.Service != "iam" || (isAWS && parsed.Region != "") || !isRole || !rolePattern.MatchString(name):
		return role{}, fmt.Errorf("role %q must have the form arn:aws:iam::123456789012:role/NAME", text)
	case isAWS && known.name == "":
		return role{}, fmt.Errorf("role %q is of the unknown partition %q", text, parsed.Partition)
	case isAWS && !accountPattern.MatchString(parsed.AccountID):
		return role{}, fmt.Errorf("role %q must have an account of 12 digits", text)
	}
	return role{partition: parsed.Partition, account: parsed.AccountID, name: name}, nil
}

// matches returns an error if a region is not in the role's partition.
func (r role) matches(region string) error {
	ours, isAWS := partitionNamed(r.partition)
	if theirs := partitionOf(region); isAWS && region != "" && ours != theirs {
		return fmt.Errorf("the role is in %s (%s), the region %q is in %s (%s): credentials of one are unknown in the other",
			ours.console, ours.name, region, theirs.console, theirs.name)
	}
	return nil
}

// region returns the region of STS for the role if no region is configured.
func (r role) region() string {
	if p, isAWS := partitionNamed(r.partition); isAWS {
		return p.region
	}
	return partitions()[0].region
}

// account returns the account of an ARN; empty when there is none.
func accountOf(text string) string {
	parsed, err := arn.Parse(text)
	if err != nil {
		return ""
	}
	return parsed.AccountID
}
