package main

import (
	"crypto/tls"
	"errors"
	"net"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"
	goftp "goftp.io/server/v2"
	"goftp.io/server/v2/driver/file"
)

// serveFTPServerLib serves with fclairamb/ftpserverlib, over afero's file
// system of the machine.
func serveFTPServerLib(l net.Listener, root string) error {
	return ftpserver.NewFtpServer(&libDriver{l, root}).ListenAndServe()
}

// libDriver lets everybody in.
type libDriver struct {
	l    net.Listener
	root string
}

func (d *libDriver) GetSettings() (*ftpserver.Settings, error) {
	return &ftpserver.Settings{
		Listener: d.l, DefaultTransferType: ftpserver.TransferTypeBinary, ActiveTransferPortNon20: true,
	}, nil
}

func (d *libDriver) ClientConnected(ftpserver.ClientContext) (string, error) { return "ready", nil }

func (d *libDriver) ClientDisconnected(ftpserver.ClientContext) {}

func (d *libDriver) AuthUser(ftpserver.ClientContext, string, string) (ftpserver.ClientDriver, error) {
	return afero.NewBasePathFs(afero.NewOsFs(), d.root), nil
}

func (d *libDriver) GetTLSConfig() (*tls.Config, error) { return nil, errors.ErrUnsupported }

// serveGoFTP serves with goftp.io/server and its driver for files.
func serveGoFTP(l net.Listener, root string) error {
	driver, err := file.NewDriver(root)
	if err != nil {
		return err
	}
	srv, err := goftp.NewServer(&goftp.Options{
		Driver: driver, Auth: anybody{}, Perm: goftp.NewSimplePerm("ftp", "ftp"),
		Hostname: "127.0.0.1", PublicIP: "127.0.0.1", Logger: new(goftp.DiscardLogger),
	})
	if err != nil {
		return err
	}
	return srv.Serve(l)
}

// anybody lets everybody in.
type anybody struct{}

func (anybody) CheckPasswd(*goftp.Context, string, string) (bool, error) { return true, nil }
