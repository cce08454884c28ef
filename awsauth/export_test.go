package awsauth

// StartWith starts a session whose credentials come from issue, which no option can make as short-lived as a test needs.
var StartWith = start
