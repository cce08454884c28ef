// Package comment keeps one comment on a pull or merge request up to date, for many jobs at once. It does not know
// what the comment says: a job brings a section as Markdown, and Post puts it beside those of the other jobs.
//
// It touches only comments that its own account wrote and whose first line is the marker of the key. It reads no
// environment, prints nothing, and holds no state between two calls of Post.
//
// # A body
//
// Everything that a later writer must know is in the comment itself, in lines that readers do not see:
//
//	<!-- mlops-track: KEY -->
//	<!-- mlops-track section {"name":"py3.12","run":41,"attempt":1,"time":"...","digest":"..."} -->
//	Markdown of that job
//	<!-- mlops-track end -->
//
// A section carries a short form of itself, so that a later writer who needs the room can fold it without knowing how it
// was made. Sections share the room: one never takes more than its part when others need theirs.
//
// # Many writers
//
// Neither host (GitHub, GitLab) has a conditional update of a comment. They do guarantee that a comment once
// created is not lost, that ids grow, and that an update is atomic. Post builds on that:
//
//  1. Read all own comments with the key, on all pages.
//  2. Decide the one next step that brings them closer to what is wanted: create, update, merge duplicates, hide or
//     delete older ones. If nothing is left to do, stop.
//  3. Do it, once, and go to 1, whatever the answer was.
//
// So a step is never repeated blindly: a request whose answer was lost is looked for before it is sent again, and an
// update is always made from what was just read. Of several own comments with the key the one with the lowest id stays;
// what the others hold is merged into it, and only when a later reading shows it there they are deleted. In a merge the
// newest section of each place wins, by run number, attempt and time; a job of an older run changes nothing. The place of a
// section is its name (the cell of a matrix), its step, and a number: reports of one run that are alike in both take the next number, so
// that none replaces another, and those of the next run take the same places again.
//
// A writer whose reading is older than another's update undoes that update without noticing. Therefore each writer checks
// its result: an update must be answered within 2.5 s after the reading that it was made from, else it is given up; and a
// job that shares its comment ends when two readings, 3 s apart, show the same body with its section in it. Whatever was
// made from a reading before the first of them has arrived by then, and whatever is made from a later one contains the
// section. While others keep writing there may be no such two; then four readings in a row that show the section are enough.
// A writer that was undone waits a random time, longer each time, and starts over.
//
// What remains is an update that the host carries out later than half a second after its writer gave it up, and bad
// luck among very many writers; then the section is missing until its job runs again.
//
// Alternatives that were rejected: a reaction as a lock (one account can add each only once) is visible to readers and needs a
// permission that pull-requests: write may not contain; the edit history is in GraphQL only and GitLab has none; a comment
// for each job of a matrix is what people complain about.
//
// # Outside documents
//
//   - https://docs.github.com/rest/issues/comments and https://docs.github.com/graphql/reference/mutations#minimizecomment
//   - https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
//   - https://docs.gitlab.com/api/notes/ and https://docs.gitlab.com/ci/jobs/ci_job_token/
package comment
