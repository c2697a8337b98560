package scoring

import (
	"fmt"
	"math/big"
	"regexp"
)

// decimalForm is the API's: big.Rat alone would read fractions, exponents and other bases as well.
var decimalForm = regexp.MustCompile(`^-?[0-9]{1,12}(\.[0-9]{1,6})?$`)

// decimal reads a number exactly.
func decimal(text string) (*big.Rat, error) {
	if !decimalForm.MatchString(text) {
		return nil, fmt.Errorf("%q is not a decimal: write it like 4 or 4.5", text)
	}
	number, ok := new(big.Rat).SetString(text)
	if !ok {
		return nil, fmt.Errorf("%q is not a decimal: write it like 4 or 4.5", text)
	}
	return number, nil
}
