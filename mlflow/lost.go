package mlflow

// Tags by which a run whose tracker was killed is recognised.
const (
	HostTag    = "mlops.host"    // name of the machine that opened the run
	StatusTag  = "mlops.status"  // written before a run is closed
	ProcessTag = "mlops.process" // the process, as internal/tracker writes it; an embedded store removes it when the run ends
)

// LostTags returns the tags of a run whose tracker ended without closing it.
func LostTags(tags map[string]string) []Tag {
	where := ""
	if host := tags[HostTag]; host != "" {
		where = " on " + host
	}
	return []Tag{
		{Key: StatusTag, Value: "failed"},
		{Key: "mlops.error_type", Value: "TrackerLost"},
		{Key: "mlops.error_message", Value: "mlops-track" + where + " ended without closing the run: it was killed, or the machine stopped"},
	}
}
