// Package step runs one training command: its command line and environment, the files through which the command and this
// process talk, the Python hook's configuration and notes, and what the command left when it ended.
//
// It knows nothing of tracking servers, CI systems or reports. Package step/results reads the formats of what a command
// leaves; a Runner runs the command somewhere.
package step
