import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { routeToMachine } from '../../../src/depot/machine/certificates.ts'
import { createAuthority } from '../../support/certificates.ts'

describe('the way to a machine', () => {
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
