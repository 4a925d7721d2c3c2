import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * True for a host on this machine: `localhost`, an address of 127.0.0.0/8, or `::1` with brackets or without; a port
 * may follow. Names below `localhost` are not: where they lead is up to a name server.
 */
export function isLoopback(host: string): boolean {
  const name = hostnameOf(host)
  if (name === 'localhost') return true
  const address = name.replace(/^\[(.*)\]$/, '$1')
  return isIP(address) !== 0 && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** A host without its port, in lower case. An IPv6 address keeps its brackets where it has them. */
export function hostnameOf(host: string): string {
  return isIPv6(host) ? host.toLowerCase() : host.toLowerCase().replace(/:\d+$/, '')
}

/** A host as it stands in an address and in `:authority`: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host
}
