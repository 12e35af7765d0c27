package modelstest

import (
	"errors"
	"syscall"
)

// unprivileged refuses: the watchdog needs a shell.
func unprivileged() (*syscall.SysProcAttr, error) {
	return nil, errors.New("on Windows set ROSTER_TEST_POSTGRES to the URL of a server")
}
