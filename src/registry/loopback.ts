/** True for a registry or server on this machine: `localhost`, `127.0.0.0/8` or `[::1]`, with a port or without. */
export function isLoopback(host: string): boolean {
  const name = hostnameOf(host)
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** A host without its port, in lower case. */
export function hostnameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}
