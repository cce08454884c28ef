// Package step runs one training command: its command line and environment, the files by which the command and this
// process exchange data, the Python hook's configuration and events, and the outputs of the command.
//
// It does not know tracking servers, CI systems or reports. Package step/results reads the file formats of the outputs;
// a Runner runs the command somewhere.
package step
