package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"applayer/http1/files"
)

// httpFile compares file servers by wrk, which asks for one file over and over.
func httpFile(name string, size int) subject {
	s := subject{name: name, programs: []string{"wrk", "nginx"}}
	for _, impl := range []struct {
		name  string
		start func(site string) (*server, error)
	}{{"applayer", startFiles}, {"asking", startAskingFiles}, {"nginx", startNginx}, {"net/http", startFilesNetHTTP}} {
		s.implementations = append(s.implementations, implementation{name: impl.name, bench: func(b *testing.B) error {
			return serveFile(b, size, impl.start)
		}})
	}
	return s
}

// serveFile serves the site, and has wrk ask for the file of that size.
func serveFile(b *testing.B, size int, start func(site string) (*server, error)) (err error) {
	site, err := theSite()
	if err != nil {
		return err
	}
	srv, err := start(site)
	if err != nil {
		return err
	}
	defer func() {
		b.StopTimer()
		err = errors.Join(err, srv.stop())
	}()
	url := "http://" + srv.addr + "/" + strconv.Itoa(size)
	if err := checkFile(url, size); err != nil {
		return err
	}
	b.SetBytes(int64(size))
	b.ResetTimer()
	return wrk(b, url)
}

// theSite is a folder with a file of each size, named for it. It is made once,
// and removed by [removeSite].
var theSite = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "compare"); err != nil {
		return "", err
	}
	made = dir
	if err := os.Chmod(dir, 0o755); err != nil { // nginx's workers are another user's
		return "", err
	}
	for _, size := range []int{fileSmall, fileMiddle, fileLarge} {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(size)), make([]byte, size), 0o644); err != nil {
			return "", err
		}
	}
	// What was changed in the last two seconds may change again unseen, so that
	// our server does not hold it.
	time.Sleep(2500 * time.Millisecond)
	return dir, nil
})

// made is the site's folder, if there is one.
var made string

func removeSite() {
	if made != "" {
		os.RemoveAll(made)
	}
}

// The sizes of the files.
const (
	fileSmall  = 1 << 10
	fileMiddle = 64 << 10
	fileLarge  = 10 << 20
)

func checkFile(url string, size int) error {
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ContentLength != int64(size) {
		return fmt.Errorf("%s: status %d, %d octets", url, resp.StatusCode, resp.ContentLength)
	}
	return nil
}

// wrk runs wrk for b.N seconds, with a thread for each CPU so that wrk itself is
// not what is measured, and reports the time by the number of requests.
func wrk(b *testing.B, url string) error {
	out, err := exec.Command("wrk", "-t"+strconv.Itoa(runtime.NumCPU()), "-c32", "-d"+strconv.Itoa(b.N)+"s", url).CombinedOutput()
	if err != nil {
		return fmt.Errorf("wrk: %w\n%s", err, out)
	}
	requests, took, err := parseWrk(string(out))
	if err != nil {
		return err
	}
	b.ReportMetric(float64(took.Nanoseconds())/float64(requests), "ns/op")
	return nil
}

var (
	wrkTotal  = regexp.MustCompile(`(\d+) requests in (\S+),`)
	wrkErrors = regexp.MustCompile(`(?m)^.*(Socket errors|Non-2xx).*$`)
)

// parseWrk takes what wrk prints. Responses that failed are an error.
func parseWrk(out string) (requests int, took time.Duration, err error) {
	if bad := wrkErrors.FindString(out); bad != "" {
		return 0, 0, fmt.Errorf("wrk: %s", bad)
	}
	m := wrkTotal.FindStringSubmatch(out)
	if m == nil {
		return 0, 0, fmt.Errorf("wrk printed no count of requests: %q", out)
	}
	if requests, err = strconv.Atoi(m[1]); err != nil {
		return 0, 0, err
	}
	if took, err = time.ParseDuration(m[2]); err != nil {
		return 0, 0, err
	}
	if requests == 0 {
		return 0, 0, errors.New("wrk: no requests")
	}
	return requests, took, nil
}

// startFiles holds files open for a second unasked, as nginx is told to.
func startFiles(site string) (*server, error) { return startFileServer(site, time.Second) }

// startAskingFiles asks the file for its state for each answer, as is our
// default.
func startAskingFiles(site string) (*server, error) { return startFileServer(site, 0) }

func startFileServer(site string, recheck time.Duration) (*server, error) {
	root, err := os.OpenRoot(site)
	if err != nil {
		return nil, err
	}
	fileServer := &files.FileServer{Root: root, Recheck: recheck}
	srv, err := overTCP(func(l net.Listener) func() error { return serveHandler(l, fileServer) })()
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	stop := srv.stop
	srv.stop = func() error { return errors.Join(stop(), fileServer.Close(), root.Close()) }
	return srv, nil
}

func startFilesNetHTTP(site string) (*server, error) {
	return overTCP(func(l net.Listener) func() error {
		s := &http.Server{Handler: http.FileServer(http.Dir(site))}
		return serveUntil(l, s.Serve, s.Close, http.ErrServerClosed)
	})()
}

// nginxConf is nginx as its documentation tunes it for files: one process a
// CPU, sendfile, and files held open; no log.
const nginxConf = `daemon off; %spid %s/nginx.pid; error_log %[2]s/error.log;
worker_processes auto;
events { worker_connections 1024; }
http {
	access_log off; sendfile on; tcp_nopush on; tcp_nodelay on;
	open_file_cache max=256; open_file_cache_valid 1s; keepalive_requests 1000000000;
	client_body_temp_path %[2]s/body; proxy_temp_path %[2]s/proxy; fastcgi_temp_path %[2]s/fastcgi;
	uwsgi_temp_path %[2]s/uwsgi; scgi_temp_path %[2]s/scgi;
	server { listen %[3]s; root %[4]s; }
}
`

func startNginx(site string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root; "
	}
	dir, err := os.MkdirTemp("", "nginx")
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "nginx.conf")
	cmd := exec.Command("nginx", "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", conf)
	err = os.WriteFile(conf, fmt.Appendf(nil, nginxConf, user, dir, addr, site), 0o644)
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	stop := func() error {
		return errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait(), os.RemoveAll(dir))
	}
	if err := awaitListener(addr); err != nil {
		why, _ := os.ReadFile(filepath.Join(dir, "error.log"))
		return nil, errors.Join(fmt.Errorf("nginx: %w\n%s", err, why), stop())
	}
	return &server{addr, stop}, nil
}

// freeAddr is an address of 127.0.0.1 with a port that was free a moment ago:
// nginx takes none by itself.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", loopback)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// awaitListener returns when somebody listens at addr.
func awaitListener(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}
