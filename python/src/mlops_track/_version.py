# Of a checkout. The binary writes its own version and path here when it unpacks the package.
VERSION = "0.1.0.dev0"
BINARY = ""
