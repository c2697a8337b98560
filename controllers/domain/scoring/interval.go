package scoring

import "math"

// normal97 is the 97.5 % quantile of the normal distribution, which leaves 5 % outside on both sides together.
const normal97 = 1.959964

// Wilson is the 95 % interval of a share of which successes of n were seen, from 0 to 1 (E. B. Wilson, 1927). Unlike the plain one it stays within 0 and 1 and
// says something of few: one success of one lies above .2065. Of nothing, it is from 0 to 1.
func Wilson(successes, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	successes = min(max(successes, 0), n)
	share, count := float64(successes)/float64(n), float64(n)
	// The conversions keep a product from being fused with a sum, which some architectures would round otherwise.
	z2 := float64(normal97 * normal97)
	middle := share + z2/float64(2*count)
	width := normal97 * math.Sqrt((float64(share*(1-share))+z2/float64(4*count))/count)
	whole := 1 + z2/count
	low, high = max(0, (middle-float64(width))/whole), min(1, (middle+float64(width))/whole)
	// At both ends the bound is exact, and the roots are not.
	if successes == 0 {
		low = 0
	}
	if successes == n {
		high = 1
	}
	return low, high
}
