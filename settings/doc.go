// Package settings holds every setting of the program: its name, kind, default and help, and how the values given by flags,
// action inputs, environment and configuration file become one checked value.
//
// A setting has one name everywhere: the action input and flag tracking-uri is the variable MLOPS_TRACKING_URI and the key
// tracking-uri of the configuration file. README, action.yml and the GitLab template are held to the list by tests.
//
// The package does no I/O. What can only be checked by looking at the machine (whether a folder exists) is checked by the
// caller, before the training starts.
package settings
