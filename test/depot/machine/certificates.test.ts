import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import tls from 'node:tls'
import { routeToMachine } from '../../../src/depot/machine/certificates.ts'
import { createAuthority } from '../../support/certificates.ts'
import { listening } from '../../support/listening.ts'
import { startProxy } from '../../support/proxy.ts'

describe('the way to a machine', () => {
  it('leads through the proxy that the environment names', async () => {
    const authority = await createAuthority('An authority')
    const { cert, key } = await authority.issue({ names: ['m.test'] })
    const demanding = { cert, key, ca: authority.ca, requestCert: true, rejectUnauthorized: true }
    await using machine = await listening(tls.createServer({ ...demanding, ALPNProtocols: ['h2'] }))
    await using proxy = await startProxy({ hosts: { 'machine.example:443': machine.port } })
    const endpoint = 'tcp://machine.example:443'
    const access = { endpoint, serverName: 'm.test', cert, key, ca: authority.ca }
    const { dial } = await routeToMachine(access, 'the machine', { https_proxy: proxy.url })
    const stream = (await dial(new AbortController().signal)) as tls.TLSSocket
    assert.equal(stream.alpnProtocol, 'h2')
    stream.destroy()
    assert.deepEqual(proxy.requests, ['CONNECT machine.example:443'])
  })

  it('is none where Depot’s endpoint is no address: that is no option of the caller’s', async () => {
    const authority = await createAuthority('An authority')
    const { cert, key } = await authority.issue({ names: ['m.test'] })
    const access = { serverName: 'm.test', cert, key, ca: authority.ca }
    const { description } = await routeToMachine({ ...access, endpoint: 'tcp://[::1]:443' }, 'the machine')
    assert.equal(description, 'tcp://[::1]:443')
    for (const endpoint of [
      '',
      'unix:///var/run/docker.sock',
      'tcp://[::1]:1@x',
      'tcp://me:secret@host:1',
      'tcp://a\0b:1',
      'tcp://host:0',
      'tcp://host:99999',
      'tcp://host?:1',
      'tcp://999.1.1.1:1',
      `tcp://${'a'.repeat(300)}:1`,
    ])
      await assert.rejects(routeToMachine({ ...access, endpoint }, 'the machine'), {
        code: 'PROTOCOL_ERROR',
        subject: 'the machine',
        expected: 'tcp://host:port',
      })
  })
})
