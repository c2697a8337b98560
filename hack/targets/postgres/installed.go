package postgres

import "errors"

// Installed says what is missing where no server can be started.
func Installed() error {
	_, noServer := findBin()
	_, noOwner := findOwner()
	return errors.Join(noServer, noOwner)
}
