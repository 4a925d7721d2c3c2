// Says of each case on standard input which proxy Go's tools use. The tests hold src/network/proxy.ts against it.
package main

import (
	"encoding/json"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

type testCase struct {
	URL                            string
	HTTPProxy, HTTPSProxy, NoProxy string
	CGI                            bool
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		panic(err)
	}
	proxies := make([]string, len(cases))
	for i, c := range cases {
		proxies[i] = proxyFor(c)
	}
	if err := json.NewEncoder(os.Stdout).Encode(proxies); err != nil {
		panic(err)
	}
}

// The proxy's host and port, "direct", or "error".
func proxyFor(c testCase) string {
	target, err := url.Parse(c.URL)
	if err != nil {
		return "bad URL"
	}
	config := httpproxy.Config{HTTPProxy: c.HTTPProxy, HTTPSProxy: c.HTTPSProxy, NoProxy: c.NoProxy, CGI: c.CGI}
	proxy, err := config.ProxyFunc()(target)
	switch {
	case err != nil:
		return "error"
	case proxy == nil:
		return "direct"
	default:
		return proxy.Scheme + "://" + proxy.Host
	}
}
