package cluster

import (
	"errors"
	"fmt"
	"os"
)

// RestartAPIServer ends kube-apiserver and starts it again: at the same address, with the same certificates and tokens, on what etcd holds.
// It returns once the server is healthy again. Nothing else may start or stop the cluster meanwhile.
func (c *Cluster) RestartAPIServer() error {
	if err := c.servers.APIServer.Stop(); err != nil {
		return fmt.Errorf("stopping kube-apiserver: %w", err)
	}
	if err := c.guardian.Forget(apiServer); err != nil {
		return err
	}
	// What the first start wrote stays readable: it may be why a restart was wanted.
	log, err := os.OpenFile(c.logFile(apiServer), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("opening kube-apiserver's log: %w", err)
	}
	defer log.Close()
	c.servers.APIServer.Out, c.servers.APIServer.Err = log, log
	if err := c.servers.APIServer.Start(); err != nil {
		return fmt.Errorf("starting kube-apiserver again: %w", errors.Join(err, errors.New(c.logTails())))
	}
	return nil
}
