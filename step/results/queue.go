package results

import (
	"sync"

	"github.com/Iyalvan/mlops-track/mlflow"
)

// The points that wait for the store: so many in memory, further ones in a file of the private folder. Where that cannot be
// written, more of them in memory. What has no room stays in the metrics file.
const (
	maxInMemory = 20_000
	maxNoSpool  = 200_000
)

// queue holds points between reading and uploading, in their order. Reading goes on while the store is slow or unreachable, so
// that a point gets the time at which it was written, and is kept when the file is written anew.
type queue struct {
	changed chan struct{} // gets a value when points were added, or no more will come
	room    chan struct{} // gets a value when points were removed

	mu    sync.Mutex
	head  []mlflow.Metric // the oldest
	spool spool           // those after them
	ended bool
}

func newQueue(folder string) *queue {
	return &queue{changed: make(chan struct{}, 1), room: make(chan struct{}, 1), spool: spool{folder: folder}}
}

// add adds points; it returns false, and adds none, where there is no room.
func (q *queue) add(points []mlflow.Metric) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.spool.count == 0 && len(q.head) < maxInMemory:
		q.head = append(q.head, points...)
	case q.spool.add(points) == nil:
	case q.spool.count == 0 && len(q.head) < maxNoSpool:
		q.head = append(q.head, points...)
	default:
		return false
	}
	signal(q.changed)
	return true
}

// end says that no more points will come.
func (q *queue) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = true
	signal(q.changed)
}

// size returns the number of points, and whether no more will come.
func (q *queue) size() (points int, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.head) + q.spool.count, q.ended
}

// first returns the oldest points, at most a batch. They stay until they are removed.
func (q *queue) first() ([]mlflow.Metric, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.head) < mlflow.MaxBatchMetrics && q.spool.count > 0 {
		points, err := q.spool.take()
		if err != nil {
			return nil, err
		}
		q.head = append(q.head, points...)
	}
	n := min(len(q.head), mlflow.MaxBatchMetrics)
	return q.head[:n:n], nil
}

// remove removes the oldest points.
func (q *queue) remove(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.head = q.head[n:]; len(q.head) == 0 {
		q.head = nil
	}
	signal(q.room)
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spool.close()
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
