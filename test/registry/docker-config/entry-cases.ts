import {
  auth,
  base64,
  type DockerConfigCase,
  entry,
  me,
  mePw,
  noHost,
  sameHost,
  tolerant,
  youAuth,
} from './case.ts'

/** What an entry holds, and whose it is. */
export const entryCases: readonly DockerConfigCase[] = [
  // What an entry holds.
  { name: 'an empty entry', config: entry({}), docker: 'anonymous' },
  { name: 'a user name and password', config: entry({ username: 'me', password: 'pw' }), docker: me },
  { name: 'a user name alone', config: entry({ username: 'me' }), docker: 'anonymous' },
  { name: 'a password alone', config: entry({ password: 'pw' }), docker: { identityToken: 'pw' } },
  {
    name: 'auth before a user name',
    config: entry({ auth: mePw, username: 'you', password: 'other' }),
    docker: me,
  },
  {
    name: 'an identity token beside auth',
    config: entry({ auth: base64('0000:'), identitytoken: 'idt' }),
    docker: { identityToken: 'idt' },
  },
  {
    name: 'a registry token beside all',
    config: entry({ auth: mePw, identitytoken: 'idt', registrytoken: 'rt' }),
    docker: { registryToken: 'rt' },
  },
  {
    name: 'an identity token beside a broken auth',
    config: entry({ auth: '!', identitytoken: 'idt' }),
    docker: 'error',
    ours: [{ identityToken: 'idt' }, tolerant],
  },

  // Hosts.
  { name: 'a host of another port', config: auth(mePw), host: 'a.example:5000', docker: 'anonymous' },
  { name: 'a host below', config: auth(mePw), host: 'x.a.example', docker: 'anonymous' },
  { name: 'a port that is the default one', config: auth(mePw), host: 'a.example:443', docker: 'anonymous' },
  {
    name: 'a key with a scheme and a path',
    config: `{"auths":{"https://a.example/v1/":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'a key with a scheme and a port',
    config: `{"auths":{"http://a.example:5000":{"auth":"${mePw}"}}}`,
    host: 'a.example:5000',
    docker: me,
  },
  { name: 'a key with a path', config: `{"auths":{"a.example/me":{"auth":"${mePw}"}}}`, docker: me },
  {
    name: 'a key with user info',
    config: `{"auths":{"https://x:y@a.example/":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'a key whose user info is the host',
    config: `{"auths":{"https://a.example@b.example/":{"auth":"${mePw}"}}}`,
    docker: 'anonymous',
  },
  {
    name: 'a key of another scheme',
    config: `{"auths":{"ftp://a.example/":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'a key with a query',
    config: `{"auths":{"https://a.example?x=/y":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'an IPv6 address',
    config: `{"auths":{"http://[::1]:5000/v1/":{"auth":"${mePw}"}}}`,
    host: '[::1]:5000',
    docker: me,
  },
  {
    name: 'an IPv6 address without brackets',
    config: `{"auths":{"http://::1:5000/v1/":{"auth":"${mePw}"}}}`,
    host: '[::1]:5000',
    docker: me,
  },
  {
    name: 'the exact key before one with a scheme',
    config: `{"auths":{"https://a.example":{"auth":"${youAuth}"},"a.example":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'a key with a path before one in other letters',
    config: `{"auths":{"A.example":{"auth":"${youAuth}"},"a.example/me":{"auth":"${mePw}"}}}`,
    docker: me,
  },
  {
    name: 'an empty exact key before one with a scheme',
    config: `{"auths":{"https://a.example":{"auth":"${youAuth}"},"a.example":{}}}`,
    docker: 'anonymous',
  },
  {
    name: 'Docker Hub',
    config: `{"auths":{"https://index.docker.io/v1/":{"auth":"${mePw}"}}}`,
    host: 'registry-1.docker.io',
    docker: me,
  },
  {
    name: 'Docker Hub by its short name',
    config: `{"auths":{"docker.io":{"auth":"${mePw}"}}}`,
    host: 'registry-1.docker.io',
    docker: 'anonymous',
    ours: [me, sameHost],
  },
  {
    name: 'Docker Hub by its registry',
    config: `{"auths":{"registry-1.docker.io":{"auth":"${mePw}"}}}`,
    host: 'registry-1.docker.io',
    docker: 'anonymous',
    ours: [me, sameHost],
  },
  {
    name: 'Docker Hub by two names',
    config: `{"auths":{"docker.io":{"auth":"${youAuth}"},"https://index.docker.io/v1/":{"auth":"${mePw}"}}}`,
    host: 'registry-1.docker.io',
    docker: me,
  },
  {
    name: 'a host that is a key',
    config: `{"auths":{"https://index.docker.io/v1/":{"auth":"${mePw}"}}}`,
    host: 'https://index.docker.io/v1/',
    docker: me,
    ours: ['anonymous', noHost],
  },
  {
    name: 'no host',
    config: `{"auths":{"/x":{"auth":"${mePw}"}}}`,
    host: '',
    docker: me,
    ours: ['anonymous', noHost],
  },
  { name: 'a host that every object has', config: '{"auths":{}}', host: 'constructor', docker: 'anonymous' },
  {
    name: 'a key that every object has',
    config: `{"auths":{"__proto__":{"auth":"${mePw}"}}}`,
    docker: 'anonymous',
  },
]
