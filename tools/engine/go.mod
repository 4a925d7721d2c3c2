module buildkit-client.test/engine

go 1.26.3
