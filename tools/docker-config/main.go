// Command docker-config prints what Docker's own CLI module makes of a Docker config: one JSON line for each host given.
//
// The config is that of DOCKER_CONFIG and DOCKER_AUTH_CONFIG; credential helpers are looked up on the PATH.
package main

import (
	"encoding/json"
	"os"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
)

// answer is what Docker has for a host, or why it has nothing.
type answer struct {
	Username      string `json:"username,omitempty"`
	Password      string `json:"password,omitempty"`
	IdentityToken string `json:"identityToken,omitempty"`
	RegistryToken string `json:"registryToken,omitempty"`
	Error         string `json:"error,omitempty"`
}

func main() {
	file, err := config.Load("")
	out := json.NewEncoder(os.Stdout)
	for _, host := range os.Args[1:] {
		if encodeErr := out.Encode(answerFor(file, err, host)); encodeErr != nil {
			panic(encodeErr)
		}
	}
}

func answerFor(file *configfile.ConfigFile, loadErr error, host string) answer {
	if loadErr != nil {
		return answer{Error: loadErr.Error()}
	}
	auth, err := file.GetAuthConfig(configKey(host))
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{
		Username:      auth.Username,
		Password:      auth.Password,
		IdentityToken: auth.IdentityToken,
		RegistryToken: auth.RegistryToken,
	}
}

// configKey is BuildKit's rule (session/auth/authprovider): the daemon calls Docker Hub by the host of its registry.
func configKey(host string) string {
	if host == "registry-1.docker.io" {
		return "https://index.docker.io/v1/"
	}
	return host
}
