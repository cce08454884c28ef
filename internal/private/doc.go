// Package private tells whether a folder is ours alone: whether another user of the machine could put something into it, or
// something else in its place. What is executed, such as the Python files of the hook, lies only in such a folder.
//
// It changes nothing and creates nothing. The rules for owners and modes are those of OpenSSH for its own files (StrictModes,
// https://man.openbsd.org/sshd_config#StrictModes), with sticky folders such as /tmp allowed above the folder. Access control
// lists are not read.
package private
