module buildkit-client.test/httpproxy

go 1.26.3

tool buildkit-client.test/httpproxy

require (
	golang.org/x/net v0.59.0
)

require golang.org/x/text v0.42.0 // indirect
