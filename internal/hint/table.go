package hint

import (
	"slices"
	"strings"
)

// Row says what to do about one kind of answer of a service. A condition that is empty holds always.
type Row struct {
	Status int    // of HTTP; 3 stands for all of 300 to 399
	Code   string // of the service; several are separated by spaces, and one may end in *
	Words  string // that the message holds, in any case; several are separated by |
	If     string // a circumstance, such as "fork"
	Advice string // with {names} of values
}

// Table is all that is known of a service. The first row that matches counts.
type Table []Row

// Answer is what a service said, and what else is known of the request.
type Answer struct {
	Status  int
	Code    string
	Message string
	Is      []string // circumstances that hold
}

// Advice returns what to do about an answer, with the values in place of their {names}; empty where no row matches.
func (t Table) Advice(a Answer, values map[string]string) string {
	for _, row := range t {
		if !row.matches(a) {
			continue
		}
		var pairs []string
		for name, value := range values {
			pairs = append(pairs, "{"+name+"}", value)
		}
		return strings.NewReplacer(pairs...).Replace(row.Advice)
	}
	return ""
}

func (r Row) matches(a Answer) bool {
	return (r.Status == 0 || r.Status == a.Status || r.Status == a.Status/100) &&
		(r.Code == "" || slices.ContainsFunc(strings.Fields(r.Code), func(code string) bool { return isCode(code, a.Code) })) &&
		(r.Words == "" || slices.ContainsFunc(strings.Split(r.Words, "|"), func(words string) bool {
			return strings.Contains(strings.ToLower(a.Message), strings.ToLower(words))
		})) &&
		(r.If == "" || slices.Contains(a.Is, r.If))
}

// isCode reports whether a code is that of a row, which may end in *.
func isCode(pattern, code string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(code, prefix)
	}
	return pattern == code
}
