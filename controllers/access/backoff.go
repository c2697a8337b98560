package access

import (
	"hash/fnv"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

const (
	// firstRetry is short: most failures are a moment's.
	firstRetry = time.Second
	// refusedRetry is longer: somebody must change something first.
	refusedRetry = 15 * time.Second
	// maxRetry bounds how long a target system that answers again is left alone, whatever it asked for: a revocation is owed.
	maxRetry = 5 * time.Minute
	// resync is how often what was given is read back, where nobody tells of changes. It is the time within which what was changed by
	// hand is put right; a shorter one costs a call for each access that is held.
	resync = 10 * time.Minute
)

// retryAfter is how long to wait after a number of failed attempts: twice as long each time, less up to a fifth that tells rows apart.
func retryAfter(grant types.UID, key string, attempts int32, err error) time.Duration {
	wait := firstRetry
	if provider.IsRefused(err) {
		wait = refusedRetry
	}
	for range min(attempts-1, 16) {
		wait *= 2
	}
	wait = min(wait, maxRetry)
	wait -= spread(wait/5, string(grant), key, strconv.Itoa(int(attempts)))
	return min(max(wait, provider.RetryAfter(err)), maxRetry)
}

// spread is a part of a duration that is always the same for the same words, so that a restart moves nothing.
func spread(d time.Duration, words ...string) time.Duration {
	h := fnv.New32a()
	for _, word := range words {
		_, _ = h.Write([]byte(word)) // A hash returns no error.
		_, _ = h.Write([]byte{0})
	}
	return time.Duration(float64(d) * float64(h.Sum32()) / (1 << 32))
}
