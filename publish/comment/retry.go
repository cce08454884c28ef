package comment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Iyalvan/mlops-track/internal/origin"
	"github.com/Iyalvan/mlops-track/internal/retry"
)

// isTemporary reports whether a retry may help.
func isTemporary(err error) bool {
	_, ok := errors.AsType[*unavailableError](err)
	return ok
}

// backoff is nearly all random: many writers of one comment must not retry at the same time.
func backoff() retry.Backoff {
	return retry.Backoff{First: time.Second, Max: 12 * time.Second, Jitter: 0.95}
}

// unanswered returns the error of a request that got no answer.
func unanswered(doing string, err error) error {
	err = fmt.Errorf("%s: %w", doing, err)
	if retry.CauseOf(err) != retry.Passing || errors.Is(err, context.Canceled) || origin.IsRedirect(err) || errors.Is(err, errTooLong) {
		return err
	}
	return &unavailableError{cause: err}
}

// secondaryWait is how long GitHub asks to wait where the answer about a secondary limit names no time
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit).
const secondaryWait = time.Minute

// limited returns how long to wait if the answer says that too many requests were made.
func limited(resp *http.Response, message string) (time.Duration, bool) {
	h := resp.Header
	if resp.StatusCode != http.StatusTooManyRequests && resp.StatusCode != http.StatusForbidden {
		return 0, false
	}
	if wait, ok := retry.AfterHeader(h); ok {
		return wait, true
	}
	if h.Get("X-RateLimit-Remaining") == "0" || h.Get("RateLimit-Remaining") == "0" {
		if wait, ok := untilReset(h); ok {
			return wait, true
		}
		return secondaryWait, true
	}
	lower := strings.ToLower(message)
	if resp.StatusCode == http.StatusTooManyRequests || strings.Contains(lower, "rate limit") || strings.Contains(lower, "abuse") {
		return secondaryWait, true
	}
	return 0, false
}

// untilReset returns how long until the limit resets, by the server's clock.
func untilReset(h http.Header) (time.Duration, bool) {
	for _, name := range []string{"X-RateLimit-Reset", "RateLimit-Reset"} {
		if seconds, err := strconv.ParseInt(h.Get(name), 10, 64); err == nil && seconds > 0 {
			return max(time.Unix(seconds, 0).Sub(retry.ServerTime(h)), 0) + time.Second, true
		}
	}
	return 0, false
}
