import dns from 'node:dns'
import { mock } from 'node:test'

/**
 * Makes a name, which counts as another machine's, lead this process to 127.0.0.1 until it is disposed of. Addresses of
 * this machine never count as another's, for proxies say.
 */
export function farHost(name: string): Disposable {
  const { lookup } = dns
  const mocked = mock.method(dns, 'lookup', (host: string, options: dns.LookupOptions, done: Done) => {
    if (host !== name) return (lookup as (...args: unknown[]) => void)(host, options, done)
    const found = { address: '127.0.0.1', family: 4 }
    process.nextTick(() => (options.all ? done(null, [found]) : done(null, found.address, found.family)))
  })
  return { [Symbol.dispose]: () => mocked.mock.restore() }
}

type Done = (error: Error | null, found: string | dns.LookupAddress[], family?: number) => void
