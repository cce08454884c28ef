// Package hosttest is GitHub and GitLab in memory, as far as comments on pull and merge requests go: they hold state, page
// their lists, answer in the real ones' words, and fail when told to. Only tests use it.
//
// Every REST request to GitHub is checked against GitHub's own description of its API; one that does not conform fails the
// test. testdata/README.md says where the description comes from. What it does not say is coded here: the longest body,
// locked conversations, and what tokens of workflows, apps and forks may do. GitLab publishes no such description; its
// answers are made from the structs of its own client.
//
// Both serve over a loopback listener (Start), or in process (Client), where latencies are no real time inside a
// synctest bubble.
package hosttest
